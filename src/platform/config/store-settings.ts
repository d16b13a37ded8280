import { IsIn, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { Setting } from './setting.js';

const POSTGRES_URL = /^postgres(ql)?:\/\//;

/** Where data lives, and how much of it may wait on this machine. */
export class StoreSettings {
  @Setting({
    section: 'Stores',
    env: 'DATABASE_URL',
    secret: true,
    description: 'PostgreSQL 15 or newer. Without it an embedded server keeps its data in the data folder (development only).',
    defaultText: 'embedded',
  })
  @IsOptional()
  @Matches(POSTGRES_URL)
  databaseUrl?: string;

  @Setting({
    section: 'Stores',
    env: 'DATABASE_OWNER_URL',
    secret: true,
    description: 'Login that owns the schema, for migrations and the queue. Lets `DATABASE_URL` be a login that owns nothing.',
    defaultText: '`DATABASE_URL`',
  })
  @IsOptional()
  @Matches(POSTGRES_URL)
  databaseOwnerUrl?: string;

  @Setting({
    section: 'Stores',
    env: 'LETHE_DATABASE_POOL',
    kind: 'integer',
    description: 'Connections per process for the admin API and jobs. The ledger has five of its own.',
  })
  @IsInt()
  @Min(2)
  @Max(200)
  databasePool = 10;

  @Setting({
    section: 'Stores',
    env: 'LETHE_MIGRATE',
    description: '`auto` migrates at start; `never` expects `lethe migrate` to have run.',
  })
  @IsIn(['auto', 'never'])
  migrate: 'auto' | 'never' = 'auto';

  @Setting({
    section: 'Stores',
    env: 'REDIS_URL',
    secret: true,
    description:
      'Redis for the queue and for rate limits shared by all replicas. Without it the queue runs on PostgreSQL and rate limits are per process.',
  })
  @IsOptional()
  @Matches(/^rediss?:\/\//)
  redisUrl?: string;

  @Setting({
    section: 'Stores',
    env: 'LETHE_JOURNAL_MAX_BYTES',
    kind: 'integer',
    description: 'Bound of the local journal that keeps ledger records while PostgreSQL is away. Past it calls get 503.',
  })
  @IsInt()
  @Min(65_536)
  journalMaxBytes = 67_108_864;

  @Setting({
    section: 'Stores',
    env: 'LETHE_INSTANCE_TIMEOUT_SECONDS',
    kind: 'integer',
    description: 'Silence after which a gateway process is taken for dead and its open calls are settled as interrupted.',
  })
  @IsInt()
  @Min(3)
  @Max(3600)
  instanceTimeoutSeconds = 30;
}
