import { readFileSync } from 'node:fs';
import { validateSync } from 'class-validator';
import { errorCatalogue, type FieldError } from '../../kernel/errors.js';
import { declaredSettings, type SettingDeclaration } from './setting.js';
import { Settings } from './settings.js';

const configErrors = errorCatalogue('config', {
  invalid_setting: { status: 500, message: 'A setting is not valid.' },
});

const given = new WeakMap<Settings, ReadonlySet<string>>();

/** The properties an operator set, as opposed to those that have their default. */
export function givenSettings(settings: Settings): ReadonlySet<string> {
  return given.get(settings) ?? new Set();
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and validates the settings. Throws `config/invalid_setting` whose message names every wrong variable and what would be
 * right; a secret's value is never in it. An unknown `LETHE_*` variable is an error too: a misspelt promise keeps nothing.
 */
export function loadSettings(environment: Environment): Settings {
  const settings = new Settings();
  const problems: FieldError[] = unknownVariables(environment);
  const set = new Set<string>();
  for (const declaration of declaredSettings()) {
    const text = readText(declaration, environment, problems);
    if (text === undefined) continue;
    Object.assign(settings, { [declaration.property]: parse(declaration, text) });
    set.add(declaration.property);
    const file = environment[`${declaration.env}_FILE`];
    if (declaration.keepsFile !== undefined && file) Object.assign(settings, { [declaration.keepsFile]: file });
  }
  for (const failure of validateSync(settings)) {
    const declaration = declaredSettings().find((candidate) => candidate.property === failure.property);
    const constraints = failure.constraints ?? {};
    // What is no number is neither too small nor too large.
    const message = constraints['isInt'] ?? Object.values(constraints)[0] ?? 'is not valid';
    problems.push({
      field: declaration?.env ?? failure.property,
      message: message.replace(`each value in ${failure.property}`, 'each item').replace(`${failure.property} `, ''),
    });
  }
  given.set(settings, set);
  requireTogether(settings, problems);
  if (problems.length > 0) {
    const message = problems.map((problem) => `${problem.field} ${problem.message}`).join('; ');
    throw configErrors.invalid_setting({ message, details: { errors: problems } });
  }
  return settings;
}

function unknownVariables(environment: Environment): FieldError[] {
  const known = new Set(declaredSettings().flatMap(({ env, secret }) => (secret ? [env, `${env}_FILE`] : [env])));
  // LETHE_SHARED and LETHE_TEST_* steer the test suite and mean nothing to a running process.
  return Object.keys(environment)
    .filter((name) => name.startsWith('LETHE_') && name !== 'LETHE_SHARED' && !name.startsWith('LETHE_TEST_') && !known.has(name))
    .map((name) => ({ field: name, message: 'is not a setting of Lethe; docs/configuration.md lists them all' }));
}

function readText(declaration: SettingDeclaration, environment: Environment, problems: FieldError[]): string | undefined {
  const direct = environment[declaration.env];
  const file = declaration.secret ? environment[`${declaration.env}_FILE`] : undefined;
  if (file === undefined || file === '') return direct === '' ? undefined : direct;
  if (direct !== undefined && direct !== '') {
    problems.push({ field: declaration.env, message: `is set twice, also as ${declaration.env}_FILE; keep one` });
    return undefined;
  }
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    problems.push({ field: `${declaration.env}_FILE`, message: 'names a file that cannot be read' });
    return undefined;
  }
}

function parse(declaration: SettingDeclaration, text: string): unknown {
  switch (declaration.kind) {
    case 'integer':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text;
    case 'list':
      return text
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'string':
      return text;
  }
}

/** Rules that tie settings together: what production may not leave implicit, what a KMS needs. */
function requireTogether(settings: Settings, problems: FieldError[]): void {
  const needs = (value: unknown, field: string, why: string) => {
    if (value === undefined) problems.push({ field, message: `must be set ${why}` });
  };
  if (settings.environment === 'production') {
    needs(settings.databaseUrl, 'DATABASE_URL', 'in production');
    needs(settings.profile, 'LETHE_PROFILE', 'in production: what is promised is never made up there');
    if (settings.kms === 'local') needs(settings.rootKeyFile, 'LETHE_ROOT_KEY_FILE', 'in production: a root key is never made up there');
  }
  if (settings.environment === 'production' && settings.smtpUrl !== undefined) {
    needs(settings.mailFrom, 'LETHE_MAIL_FROM', 'with LETHE_SMTP_URL in production');
    needs(settings.publicUrl, 'LETHE_PUBLIC_URL', 'with LETHE_SMTP_URL in production: links in mails begin with it');
  }
  if (settings.auditPublishS3AccessKeyId !== undefined)
    needs(settings.auditPublishS3SecretAccessKey, 'LETHE_AUDIT_PUBLISH_S3_SECRET_ACCESS_KEY', 'with LETHE_AUDIT_PUBLISH_S3_ACCESS_KEY_ID');
  if (settings.blobS3AccessKeyId !== undefined)
    needs(settings.blobS3SecretAccessKey, 'LETHE_BLOB_S3_SECRET_ACCESS_KEY', 'with LETHE_BLOB_S3_ACCESS_KEY_ID');
  if (settings.blobS3Bucket !== undefined && settings.blobDirectory !== undefined)
    problems.push({ field: 'LETHE_BLOB_DIR', message: 'is set beside LETHE_BLOB_S3_BUCKET; keep one' });
  if (settings.kms === 'aws') needs(settings.awsKmsKeyId, 'LETHE_AWS_KMS_KEY_ID', 'when LETHE_KMS=aws');
  if (settings.kms === 'vault') {
    needs(settings.vaultAddress, 'LETHE_VAULT_ADDR', 'when LETHE_KMS=vault');
    needs(settings.vaultToken, 'LETHE_VAULT_TOKEN', 'when LETHE_KMS=vault');
    needs(settings.vaultTransitKey, 'LETHE_VAULT_TRANSIT_KEY', 'when LETHE_KMS=vault');
  }
  if (settings.kms === 'pkcs11') {
    needs(settings.pkcs11Library, 'LETHE_PKCS11_LIBRARY', 'when LETHE_KMS=pkcs11');
    needs(settings.pkcs11TokenLabel, 'LETHE_PKCS11_TOKEN_LABEL', 'when LETHE_KMS=pkcs11');
    needs(settings.pkcs11KeyLabel, 'LETHE_PKCS11_KEY_LABEL', 'when LETHE_KMS=pkcs11');
    needs(settings.pkcs11Pin, 'LETHE_PKCS11_PIN', 'when LETHE_KMS=pkcs11');
  }
}
