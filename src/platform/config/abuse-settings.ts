import { IsIn, IsInt, Max, Min } from 'class-validator';
import { Setting } from './setting.js';

/** What counts as unusual use of an API key, and what follows (A7). */
export class AbuseSettings {
  @Setting({
    section: 'Abuse',
    env: 'LETHE_ABUSE_ACTION',
    description:
      'What follows when an API key is used in a way that is not its own: `off` (nobody looks), `notify` (its organisation is told) or `block` (told, and the key refused until somebody releases it).',
  })
  @IsIn(['off', 'notify', 'block'])
  abuseAction: 'off' | 'notify' | 'block' = 'notify';

  @Setting({
    section: 'Abuse',
    env: 'LETHE_ABUSE_FACTOR',
    kind: 'integer',
    description: 'An hour with more than so many times the calls, or the cost, of a key’s busiest hour of the last seven days is unusual.',
  })
  @IsInt()
  @Min(2)
  @Max(1_000)
  abuseFactor = 10;

  @Setting({
    section: 'Abuse',
    env: 'LETHE_ABUSE_CALLS_PER_HOUR',
    kind: 'integer',
    description: 'Fewer calls than this in an hour are never a burst, whatever a key’s habit.',
  })
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  abuseCallsPerHour = 1_000;

  @Setting({
    section: 'Abuse',
    env: 'LETHE_ABUSE_COST_PER_HOUR',
    kind: 'integer',
    description: 'Less cost than this in an hour, in US dollars, is never beyond a key’s habit.',
  })
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  abuseCostPerHour = 50;

  @Setting({
    section: 'Abuse',
    env: 'LETHE_ABUSE_GRACE_HOURS',
    kind: 'integer',
    description: 'What a key was released from does not block it again for so long.',
  })
  @IsInt()
  @Min(1)
  @Max(720)
  abuseGraceHours = 24;
}
