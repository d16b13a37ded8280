import { readdirSync, readFileSync } from 'node:fs';
import { Ajv, type ErrorObject } from 'ajv';
import { parseDocument } from 'yaml';
import type { FieldError } from '../../../../kernel/errors.js';
import { retentionErrors } from '../../retention.errors.js';
import { LoadedProfile, problemsOf } from './loaded-profile.js';
import type { ProfileDocument } from './profile-document.js';

const PROFILES = new URL('../../../../../profiles/', import.meta.url);
/** A profile is a page of text. */
const MOST_BYTES = 100_000;

/** The profiles that come with Lethe, by name. */
export function builtInProfiles(): string[] {
  return readdirSync(PROFILES)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

/**
 * Reads a profile by name, or from a file when what is given ends in `.yaml`. Raises `retention/unknown_profile`, and `retention/invalid_profile`
 * that names every field and what would be right.
 */
export function readProfile(nameOrPath: string): LoadedProfile {
  const isFile = /\.ya?ml$/.test(nameOrPath);
  if (!isFile && !builtInProfiles().includes(nameOrPath)) {
    throw retentionErrors.unknown_profile({
      message: `LETHE_PROFILE names no profile: there are ${builtInProfiles().join(', ')}, or give the path of a file that ends in .yaml.`,
    });
  }
  return parseProfile(readText(isFile ? nameOrPath : new URL(`${nameOrPath}.yaml`, PROFILES)));
}

/** A profile from the text of its file. Raises `retention/invalid_profile`. */
export function parseProfile(text: string): LoadedProfile {
  if (text.length > MOST_BYTES) throw invalid([{ field: 'profile', message: `must be at most ${MOST_BYTES} bytes` }]);
  const yaml = parseDocument(text, { uniqueKeys: true });
  const [wrong] = [...yaml.errors, ...yaml.warnings];
  if (wrong) throw invalid([{ field: `line ${wrong.linePos?.[0].line ?? 1}`, message: wrong.message.split('\n')[0] ?? 'cannot be read' }]);
  const document: unknown = yaml.toJS({ maxAliasCount: 20 });
  const schema = JSON.parse(readFileSync(new URL('profile.schema.json', PROFILES), 'utf8')) as object;
  const validate = new Ajv({ allErrors: true, allowUnionTypes: true, verbose: true }).compile<ProfileDocument>(schema);
  if (!validate(document)) throw invalid(fieldErrors(validate.errors ?? []));
  const problems = problemsOf(document);
  if (problems.length > 0) throw invalid(problems);
  return new LoadedProfile(document);
}

function readText(from: string | URL): string {
  try {
    return readFileSync(from, 'utf8');
  } catch (cause) {
    throw retentionErrors.unknown_profile({ message: 'LETHE_PROFILE names a file that cannot be read.', cause });
  }
}

function invalid(errors: readonly FieldError[]): Error {
  const message = `The policy profile is not valid: ${errors.map(({ field, message: says }) => `${field} ${says}`).join('; ')}`;
  return retentionErrors.invalid_profile({ message, details: { errors } });
}

/** What the schema found, by field, without the errors that only say which branch was taken. */
function fieldErrors(errors: readonly ErrorObject[]): FieldError[] {
  const found = errors.filter(({ keyword }) => keyword !== 'if').map(fieldError);
  return found.filter(({ field, message }, index) => found.findIndex((each) => each.field === field && each.message === message) === index);
}

function fieldError({ instancePath, keyword, params, message, schema }: ErrorObject): FieldError {
  const at = instancePath.slice(1).replaceAll('/', '.');
  const below = (name: unknown): string => (at === '' ? String(name) : `${at}.${String(name)}`);
  if (keyword === 'required') return { field: below(params['missingProperty']), message: 'is missing' };
  if (keyword === 'additionalProperties') return { field: below(params['additionalProperty']), message: 'is not a field of a profile' };
  if (keyword === 'propertyNames') return { field: below(params['propertyName']), message: 'is no data class' };
  if (keyword === 'oneOf') return { field: at, message: 'must have either `window` or `plans`' };
  if (keyword === 'enum' && Array.isArray(schema)) return { field: at, message: `must be one of ${schema.join(', ')}` };
  if (keyword === 'pattern') return { field: at, message: PATTERNS[String(params['pattern'])] ?? 'has a form that is not allowed' };
  if (keyword === 'type' && params['type'] === 'string') return { field: at, message: PERIOD };
  return { field: at === '' ? 'profile' : at, message: message ?? 'is not valid' };
}

const PERIOD = 'must be `none` or a period with its unit, such as P30D, P13M or P7Y';

const PATTERNS: Readonly<Record<string, string>> = {
  '^(none|P[1-9][0-9]{0,3}[DWMY])$': PERIOD,
  '^PT[1-9][0-9]{0,3}H$': 'must be a period of hours, such as PT72H',
};
