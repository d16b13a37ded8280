import { Injectable } from '@nestjs/common';
import { Command, CommandRunner, Option, SubCommand } from 'nest-commander';
import { SERVICE_KEY_SCOPES, type ServiceKeyScope } from '../platform/http/permissions.js';
import { DAY_MS } from '../kernel/clock.js';
import { type ApiKeyId, isId } from '../kernel/ids.js';
import { type ApiKeySummary, KeyAdministration } from '../modules/auth/auth.contract.js';
import { UsageError } from './exit-codes.js';
import { CLI_ACTOR, Installation } from './installation.js';
import { organisationId, projectId } from './organisation-lookup.js';
import { table, Terminal } from './terminal.js';

const PAGE = 100;

interface OfOrganisation {
  readonly json?: boolean;
  readonly organisation: string;
}

/** What every command about keys takes. */
@Injectable()
abstract class KeysSubCommand extends CommandRunner {
  constructor(
    protected readonly installation: Installation,
    protected readonly terminal: Terminal,
  ) {
    super();
  }

  @Option({ flags: '-o, --organisation <slug>', description: 'organisation the key belongs to', required: true })
  organisation(slug: string): string {
    return slug;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

interface CreateOptions extends OfOrganisation {
  readonly project: string;
  readonly name: string;
  readonly scope?: ServiceKeyScope[];
  readonly expiresInDays?: number;
  readonly network?: string[];
}

@SubCommand({ name: 'create', description: 'Make an API key. Its secret is printed on standard output, this once.' })
export class CreateKeyCommand extends KeysSubCommand {
  override async run(_parameters: string[], options: CreateOptions): Promise<void> {
    const { key, secret } = await this.installation.withApplication(async (application) => {
      const owner = await organisationId(application, options.organisation);
      const days = options.expiresInDays;
      const command = {
        organisationId: owner,
        projectId: await projectId(application, owner, options.project),
        name: options.name,
        scopes: options.scope ?? ['inference:invoke' as const],
        expiresAt: days === undefined ? null : new Date(Date.now() + days * DAY_MS),
        allowedNetworks: options.network ?? [],
      };
      return application.get(KeyAdministration).createKey(command, CLI_ACTOR);
    });
    this.terminal.note(`made key ${key.id}; its secret is shown this once`);
    this.terminal.result(options.json, { ...key, secret }, () => secret);
  }

  @Option({ flags: '-p, --project <name>', description: 'project the key calls for', defaultValue: 'default' })
  project(name: string): string {
    return name;
  }

  @Option({ flags: '-n, --name <name>', description: 'what the key is for', required: true })
  name(name: string): string {
    return name;
  }

  @Option({ flags: '--scope <scope...>', description: 'what the key may do (default: inference:invoke)', choices: [...SERVICE_KEY_SCOPES] })
  scope(scope: string, others: ServiceKeyScope[] = []): ServiceKeyScope[] {
    if (!SERVICE_KEY_SCOPES.includes(scope as ServiceKeyScope)) throw new UsageError(`--scope is one of ${SERVICE_KEY_SCOPES.join(', ')}`);
    return [...others, scope as ServiceKeyScope];
  }

  @Option({ flags: '--expires-in-days <days>', description: 'days until it stops working (default: never)' })
  expiresInDays(days: string): number {
    if (!/^[1-9]\d{0,4}$/.test(days)) throw new UsageError('--expires-in-days is a whole number of days, at least 1');
    return Number(days);
  }

  @Option({ flags: '--network <cidr...>', description: 'addresses it may be used from (default: anywhere)' })
  network(network: string, others: string[] = []): string[] {
    return [...others, network];
  }
}

@SubCommand({ name: 'list', description: 'List the API keys of an organisation, never their secrets.' })
export class ListKeysCommand extends KeysSubCommand {
  override async run(_parameters: string[], options: OfOrganisation): Promise<void> {
    const keys = await this.installation.withApplication(async (application) => {
      const owner = await organisationId(application, options.organisation);
      const all: ApiKeySummary[] = [];
      for (;;) {
        const page = await application.get(KeyAdministration).listKeys(owner, all.at(-1)?.id, PAGE);
        all.push(...page);
        if (page.length < PAGE) return all;
      }
    });
    this.terminal.result(options.json, keys, () => table(keys.map(keyRow), 'no keys'));
  }
}

function keyRow(key: ApiKeySummary): Record<string, string> {
  const { id, name, hint, scopes, revokedAt, expiresAt, lastUsedAt } = key;
  const state = revokedAt ? 'revoked' : expiresAt && expiresAt.getTime() <= Date.now() ? 'expired' : 'active';
  return { id, name, ends: hint, scopes: scopes.join(','), state, used: lastUsedAt?.toISOString() ?? 'never' };
}

@SubCommand({ name: 'revoke', arguments: '<id>', description: 'Revoke an API key, with effect on every replica within a second (K4).' })
export class RevokeKeyCommand extends KeysSubCommand {
  override async run([id]: string[], options: OfOrganisation): Promise<void> {
    if (!isId(id)) throw new UsageError('Name the key by its id: `lethe keys list` shows them');
    await this.installation.withApplication(async (application) => {
      const owner = await organisationId(application, options.organisation);
      await application.get(KeyAdministration).revokeKey(owner, id as string as ApiKeyId, CLI_ACTOR);
    });
    this.terminal.result(options.json, { id, revoked: true }, () => `revoked ${id}`);
  }
}

@Command({
  name: 'keys',
  description: 'Make, list and revoke API keys.',
  subCommands: [CreateKeyCommand, ListKeysCommand, RevokeKeyCommand],
})
export class KeysCommand extends CommandRunner {
  override async run(): Promise<void> {
    this.command.help({ error: true });
  }
}
