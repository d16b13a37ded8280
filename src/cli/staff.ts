import { Injectable } from '@nestjs/common';
import { Command, CommandRunner, Option, SubCommand } from 'nest-commander';
import { DAY_MS } from '../kernel/clock.js';
import { type Operator, OperatorAdministration } from '../modules/auth/auth.contract.js';
import { STAFF_ROLES, type StaffRole } from '../platform/http/staff-roles.js';
import { UsageError } from './exit-codes.js';
import { CLI_ACTOR, Installation } from './installation.js';
import { table, Terminal } from './terminal.js';

interface Named {
  readonly json?: boolean;
  readonly name: string;
}

function role(text: string): StaffRole {
  if (!STAFF_ROLES.includes(text as StaffRole)) throw new UsageError(`--role is one of ${STAFF_ROLES.join(', ')}`);
  return text as StaffRole;
}

/** What every command about one member of staff takes. */
@Injectable()
abstract class StaffSubCommand extends CommandRunner {
  constructor(
    protected readonly installation: Installation,
    protected readonly terminal: Terminal,
  ) {
    super();
  }

  protected with<T>(work: (staff: OperatorAdministration) => Promise<T>): Promise<T> {
    return this.installation.withApplication((application) => work(application.get(OperatorAdministration)));
  }

  @Option({ flags: '-n, --name <name>', description: 'who of the staff', required: true })
  name(name: string): string {
    if (name.trim() === '' || name.length > 100) throw new UsageError('--name is 1 to 100 characters');
    return name;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

@SubCommand({ name: 'list', description: 'List the operator’s staff.' })
export class ListStaffCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run(_parameters: string[], options: { readonly json?: boolean }): Promise<void> {
    const staff = await this.installation.withApplication((application) => application.get(OperatorAdministration).listOperators());
    this.terminal.result(options.json, staff, () => table(staff.map(staffRow), 'no staff'));
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

function staffRow({ name, role: held, status, accountId, createdAt }: Operator): Record<string, string> {
  return { name, role: held, status, account: accountId ?? 'none', added: createdAt.toISOString() };
}

@SubCommand({ name: 'add', description: 'Add a member of staff, who can act once they have taken up an invitation or been given a token.' })
export class AddStaffCommand extends StaffSubCommand {
  override async run(_parameters: string[], options: Named & { readonly role: StaffRole }): Promise<void> {
    const operator = await this.with((staff) => staff.addOperator(options.name, options.role, CLI_ACTOR));
    this.terminal.result(options.json, operator, () => `added ${operator.name}, ${operator.role}`);
  }

  @Option({ flags: '-r, --role <role>', description: 'what they may do', choices: [...STAFF_ROLES], required: true })
  role(text: string): StaffRole {
    return role(text);
  }
}

@SubCommand({
  name: 'change',
  description: 'Change a member of staff: role, or whether they may act at all. It holds from their next request on.',
})
export class ChangeStaffCommand extends StaffSubCommand {
  override async run(
    _parameters: string[],
    options: Named & { readonly role?: StaffRole; readonly disable?: boolean; readonly enable?: boolean },
  ): Promise<void> {
    if (options.disable === true && options.enable === true) throw new UsageError('Either --disable or --enable');
    const status = options.disable === true ? 'disabled' : options.enable === true ? 'active' : undefined;
    const operator = await this.with((staff) => staff.changeOperator(options.name, { role: options.role, status }, CLI_ACTOR));
    this.terminal.result(options.json, operator, () => `${operator.name} is ${operator.role}, ${operator.status}`);
  }

  @Option({ flags: '-r, --role <role>', description: 'what they may do from now on', choices: [...STAFF_ROLES] })
  role(text: string): StaffRole {
    return role(text);
  }

  @Option({ flags: '--disable', description: 'refuse their tokens and end their duty and break-glass grants' })
  disable(): boolean {
    return true;
  }

  @Option({ flags: '--enable', description: 'let them act again' })
  enable(): boolean {
    return true;
  }
}

@SubCommand({
  name: 'invite',
  description: 'Make an invitation by which a person takes this place with their own account. It is printed on standard output, this once.',
})
export class InviteStaffCommand extends StaffSubCommand {
  override async run(_parameters: string[], options: Named): Promise<void> {
    const { invitation, expiresAt } = await this.with((staff) => staff.inviteOperator(options.name, CLI_ACTOR));
    this.terminal.note(`valid until ${expiresAt.toISOString()}; they send it to POST /admin/v1/staff-invitations/accept while signed in`);
    this.terminal.result(options.json, { invitation, expiresAt }, () => invitation);
  }
}

@SubCommand({
  name: 'token',
  description: 'Make an operator token for a program that acts in this person’s name. It is printed on standard output, this once.',
})
export class StaffTokenCommand extends StaffSubCommand {
  override async run(_parameters: string[], options: Named & { readonly expiresInDays?: number }): Promise<void> {
    const days = options.expiresInDays;
    const expiresAt = days === undefined ? null : new Date(Date.now() + days * DAY_MS);
    const { operatorId, token } = await this.with((staff) => staff.issueToken(options.name, CLI_ACTOR, expiresAt));
    this.terminal.note(expiresAt === null ? 'it works until it is revoked' : `it works until ${expiresAt.toISOString()}`);
    this.terminal.result(options.json, { operatorId, token, expiresAt }, () => token);
  }

  @Option({ flags: '--expires-in-days <days>', description: 'days until it stops working (default: never)' })
  expiresInDays(days: string): number {
    if (!/^[1-9]\d{0,4}$/.test(days)) throw new UsageError('--expires-in-days is a whole number of days, at least 1');
    return Number(days);
  }
}

@SubCommand({ name: 'revoke-tokens', description: 'Revoke all tokens of a member of staff, from their next request on.' })
export class RevokeStaffTokensCommand extends StaffSubCommand {
  override async run(_parameters: string[], options: Named): Promise<void> {
    const revoked = await this.with((staff) => staff.revokeTokens(options.name, CLI_ACTOR));
    this.terminal.result(options.json, { revoked }, () => `revoked ${revoked}`);
  }
}

@Command({
  name: 'staff',
  description: 'Add, invite, change and list the operator’s staff, and make and revoke their tokens.',
  subCommands: [ListStaffCommand, AddStaffCommand, ChangeStaffCommand, InviteStaffCommand, StaffTokenCommand, RevokeStaffTokensCommand],
})
export class StaffCommand extends CommandRunner {
  override async run(): Promise<void> {
    this.command.help({ error: true });
  }
}
