import { createInterface } from 'node:readline/promises';
import { Command, CommandRunner, Option, SubCommand } from 'nest-commander';
import { WINDOWED_CLASSES } from '../contracts/data-classes.js';
import type { LoadedProfile } from '../modules/retention/core/profile/loaded-profile.js';
import type { ProfileReplacement } from '../modules/retention/core/profile/put-profile-in-force.js';
import { UsageError } from './exit-codes.js';
import { CLI_ACTOR, Installation } from './installation.js';
import { Terminal, table } from './terminal.js';

@SubCommand({
  name: 'show',
  arguments: '[profile]',
  description: 'Print what a profile says: one by name, a file, or the one LETHE_PROFILE names.',
})
export class ShowProfileCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run([named]: string[], { json }: { json?: boolean }): Promise<void> {
    const { readProfile } = await import('../modules/retention/core/profile/read-profile.js');
    const { USUAL_PROFILE } = await import('../app/policy.js');
    const profile = readProfile(named ?? this.installation.settings().profile ?? USUAL_PROFILE);
    this.terminal.result(json, profile.stated(), () => `${profile.name}: ${profile.title}\n\n${windowsTable(profile)}`);
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }
}

@SubCommand({
  name: 'apply',
  description:
    'Show what the profile that LETHE_PROFILE names would change, and put it in force once you agree. Running replicas are restarted after it.',
})
export class ApplyProfileCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run(_parameters: string[], { json, yes, dryRun }: { json?: boolean; yes?: boolean; dryRun?: boolean }): Promise<void> {
    const { PutProfileInForce } = await import('../modules/retention/core/profile/put-profile-in-force.js');
    await this.installation.withApplication(async (application) => {
      const policy = application.get(PutProfileInForce);
      const replacement = await policy.compare();
      if (replacement !== null && replacement !== 'first') this.terminal.note(consequences(replacement));
      const agreed = dryRun !== true && (replacement === 'first' || replacement === null || yes === true || (await this.agrees()));
      const applied = agreed && (await policy.apply(CLI_ACTOR));
      const changes = replacement === null || replacement === 'first' ? { windows: [], terms: [] } : replacement.changes;
      this.terminal.result(json, { applied, changes }, () => (applied ? 'the profile is in force' : 'nothing was changed'));
    }, 'new');
  }

  @Option({ flags: '-y, --yes', description: 'put it in force without asking' })
  yes(): boolean {
    return true;
  }

  @Option({ flags: '--dry-run', description: 'only show what would change' })
  dryRun(): boolean {
    return true;
  }

  @Option({ flags: '--json', description: 'print the result as JSON' })
  json(): boolean {
    return true;
  }

  private async agrees(): Promise<boolean> {
    if (!process.stdin.isTTY) throw new UsageError('Nobody is there to agree: read the changes above, and run it again with --yes');
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return (await prompt.question('Put it in force? Type yes: ')).trim() === 'yes';
    } finally {
      prompt.close();
    }
  }
}

@Command({
  name: 'profile',
  description: 'Show policy profiles, and put another one in force.',
  subCommands: [ShowProfileCommand, ApplyProfileCommand],
})
export class ProfileCommand extends CommandRunner {
  override async run(): Promise<void> {
    this.command.help({ error: true });
  }
}

function windowsTable({ plans, windows }: LoadedProfile): string {
  const rows = WINDOWED_CLASSES.map((dataClass) => {
    const { days, mayShorten, longestDays, reason } = windows[dataClass];
    const byPlan = plans.map((plan) => [plans.length > 1 ? plan : 'days', daysText(days[plan] ?? 0)] as const);
    const longer = plans.filter((plan) => (longestDays[plan] ?? 0) > (days[plan] ?? 0)).map((plan) => `${plan} up to ${longestDays[plan]}`);
    const may = [...(mayShorten ? ['less'] : []), ...longer].join(', ');
    return { class: dataClass, ...Object.fromEntries(byPlan), 'an organisation may ask for': may, reason: reason ?? '' };
  });
  return table(rows, '');
}

function consequences({ before, after, changes }: ProfileReplacement): string {
  const windows = changes.windows.map(({ dataClass, plan, beforeDays, afterDays, effect }) => ({
    class: dataClass,
    plan,
    before: daysText(beforeDays),
    after: daysText(afterDays),
    'what happens': EFFECTS[effect],
  }));
  const terms = changes.terms.map(({ term, before: was, after: is }) => ({ term, before: was, after: is }));
  return [`${before} → ${after}`, table(windows, 'no window changes'), ...(terms.length > 0 ? [table(terms, '')] : [])].join('\n\n');
}

const EFFECTS = {
  shorter: 'what is stored goes earlier, within a day',
  longer: 'what is stored keeps its date; what is written from now on stays longer',
  stops: 'nothing is written any more, and what is stored goes within a day',
  starts: 'it is written from now on',
} as const;

function daysText(days: number): string {
  return days === 0 ? 'never' : String(days);
}
