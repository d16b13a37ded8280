import { readFile } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { Command, CommandRunner, Option, SubCommand } from 'nest-commander';
import { AppError, kernelErrors } from '../kernel/errors.js';
import type { OrganisationId } from '../kernel/ids.js';
import {
  CredentialAdministration,
  type CredentialView,
  PROVIDER_NAMES,
  type ProviderName,
} from '../modules/credentials/credentials.contract.js';
import { RotateCredential } from '../modules/credentials/core/rotate-credential.js';
import { UsageError } from './exit-codes.js';
import { CLI_ACTOR, Installation } from './installation.js';
import { organisationId } from './organisation-lookup.js';
import { table, Terminal } from './terminal.js';

interface OfOrganisation {
  readonly json?: boolean;
  readonly organisation: string;
}

interface WithSecret extends OfOrganisation {
  readonly name: string;
  readonly secretFile?: string;
}

/** What every command about one organisation's credentials takes. */
@Injectable()
abstract class CredentialsSubCommand extends CommandRunner {
  constructor(
    protected readonly installation: Installation,
    protected readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({ flags: '-o, --organisation <slug>', description: 'organisation the credential belongs to', required: true })
  organisation(slug: string): string {
    return slug;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

/** Those that take a secret: from a file or standard input, never from the arguments (K2). */
abstract class SecretSubCommand extends CredentialsSubCommand {
  @Option({ flags: '-n, --name <name>', description: 'name of the credential, unique in its organisation', required: true })
  name(name: string): string {
    return name;
  }

  @Option({ flags: '--secret-file <path>', description: 'file that holds the secret (default: standard input)' })
  secretFile(path: string): string {
    return path;
  }

  protected async secret({ secretFile }: WithSecret): Promise<string> {
    if (secretFile === undefined) return this.terminal.readSecret('The provider key');
    try {
      return (await readFile(secretFile, 'utf8')).trim();
    } catch {
      throw new UsageError(`The file ${secretFile} cannot be read.`);
    }
  }
}

interface AddOptions extends WithSecret {
  readonly provider: ProviderName;
  readonly baseUrl?: string;
}

@SubCommand({ name: 'add', description: 'Store a provider key, encrypted. The key comes from standard input or a file.' })
export class AddCredentialCommand extends SecretSubCommand {
  override async run(_parameters: string[], options: AddOptions): Promise<void> {
    const secret = await this.secret(options);
    const credential = await this.installation.withApplication(async (application) => {
      const owner = await organisationId(application, options.organisation);
      const { name, provider, baseUrl = null } = options;
      return withRightWords(application.get(CredentialAdministration).issue(CLI_ACTOR, owner, { name, provider, baseUrl, secret }));
    });
    this.terminal.result(options.json, credential, () => `stored ${credential.name} (${credential.id})`);
  }

  @Option({ flags: '--provider <provider>', description: 'whose key it is', choices: [...PROVIDER_NAMES], required: true })
  provider(provider: string): ProviderName {
    const known = PROVIDER_NAMES.find((name) => name === provider);
    if (known === undefined) throw new UsageError(`--provider is one of ${PROVIDER_NAMES.join(', ')}`);
    return known;
  }

  @Option({ flags: '--base-url <url>', description: 'where the provider is, up to and including its version; openai_compatible needs it' })
  baseUrl(url: string): string {
    return url;
  }
}

@SubCommand({ name: 'list', description: 'List the provider credentials of an organisation, masked.' })
export class ListCredentialsCommand extends CredentialsSubCommand {
  override async run(_parameters: string[], options: OfOrganisation): Promise<void> {
    const credentials = await this.installation.withApplication(async (application) =>
      application.get(CredentialAdministration).list(await organisationId(application, options.organisation)),
    );
    this.terminal.result(options.json, credentials, () => table(credentials.map(credentialRow), 'no credentials'));
  }
}

function credentialRow({ id, name, provider, baseUrl, hint, version, status }: CredentialView): Record<string, string | number> {
  return { id, name, provider, 'base URL': baseUrl ?? "the provider's own", ends: hint, version, status };
}

@SubCommand({ name: 'rotate', description: 'Put a new key in place of the present one. Calls in flight end with the old one (K3).' })
export class RotateCredentialCommand extends SecretSubCommand {
  override async run(_parameters: string[], options: WithSecret): Promise<void> {
    const secret = await this.secret(options);
    const credential = await this.installation.withApplication(async (application) => {
      const owner = await organisationId(application, options.organisation);
      const id = await credentialId(application.get(CredentialAdministration), owner, options.name);
      return withRightWords(application.get(RotateCredential).run(CLI_ACTOR, { organisationId: owner, id }, secret));
    });
    this.terminal.result(options.json, credential, () => `${credential.name} has version ${credential.version} now`);
  }
}

async function credentialId(credentials: CredentialAdministration, owner: OrganisationId, name: string): Promise<CredentialView['id']> {
  const credential = (await credentials.list(owner)).find((each) => each.name === name);
  if (!credential) throw kernelErrors.not_found({ message: `The organisation has no credential "${name}".` });
  return credential.id;
}

@SubCommand({
  name: 'rewrap',
  description: 'Wrap every data key under the current root key, after a root-key rotation (K3). Online, and resumable.',
})
export class RewrapCredentialsCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run(_parameters: string[], options: { json?: boolean }): Promise<void> {
    const report = await this.installation.withApplication((application) => application.get(CredentialAdministration).rewrapAll());
    const { rewrapped, overtaken, unreadable } = report;
    this.terminal.result(
      options.json,
      report,
      () => `${rewrapped} re-wrapped, ${overtaken} done by someone else, ${unreadable} unreadable`,
    );
    if (unreadable > 0)
      throw kernelErrors.internal({ message: `${unreadable} credentials cannot be opened; \`lethe doctor\` names them.` });
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

@Command({
  name: 'credentials',
  description: 'Store, list, rotate and re-wrap provider credentials.',
  subCommands: [AddCredentialCommand, ListCredentialsCommand, RotateCredentialCommand, RewrapCredentialsCommand],
})
export class CredentialsCommand extends CommandRunner {
  override async run(): Promise<void> {
    this.command.help({ error: true });
  }
}

/** A 400 names fields of the API; here they are options. */
async function withRightWords<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && error.status === 400) throw new UsageError(error.publicMessage.replace('baseUrl:', '--base-url'));
    throw error;
  }
}
