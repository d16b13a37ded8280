import { ArrayMinSize, IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, Min, MinLength } from 'class-validator';
import { IsNetwork } from './is-network.js';
import { IsWebUrl } from './is-web-url.js';
import { Setting } from './setting.js';

const ROLES = ['api', 'gateway', 'worker'] as const;
export type Role = (typeof ROLES)[number];

/** What a process is and where it listens. */
export class ProcessSettings {
  @Setting({
    section: 'Process',
    env: 'LETHE_ENV',
    description:
      '`development` fills in what a first look needs (embedded database, local root key, demo data). `production` refuses every implicit secret.',
  })
  @IsIn(['development', 'production'])
  environment: 'development' | 'production' = 'development';

  @Setting({
    section: 'Process',
    env: 'LETHE_ROLES',
    kind: 'list',
    description: 'What this process does: `api` (admin API and docs), `gateway` (the data plane, `/v1`), `worker` (background jobs).',
  })
  @ArrayMinSize(1)
  @IsIn(ROLES, { each: true })
  roles: Role[] = [...ROLES];

  @Setting({ section: 'Process', env: 'LETHE_HOST', description: 'Address to listen on.' })
  @IsString()
  @MinLength(1)
  host = '127.0.0.1';

  @Setting({ section: 'Process', env: 'LETHE_PORT', kind: 'integer', description: 'Port to listen on; 0 picks a free one.' })
  @IsInt()
  @Min(0)
  @Max(65_535)
  port = 8080;

  @Setting({
    section: 'Process',
    env: 'LETHE_DATA_DIR',
    description: 'Folder for what this process keeps on disk: the embedded database, the ledger journal, the local root key.',
  })
  @IsString()
  @MinLength(1)
  dataDirectory = '.lethe';

  @Setting({
    section: 'Process',
    env: 'LETHE_SHUTDOWN_SECONDS',
    kind: 'integer',
    description: 'How long a stop waits for calls in flight before it cuts and settles them.',
  })
  @IsInt()
  @Min(0)
  @Max(3600)
  shutdownSeconds = 30;

  @Setting({ section: 'Process', env: 'LETHE_LOG_LEVEL', description: 'Least severe log line that is written.' })
  @IsIn(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
  logLevel = 'info';

  @Setting({
    section: 'Process',
    env: 'LETHE_BOOTSTRAP',
    description: '`auto` creates the first operator and demo organisation in an empty development installation; `never` leaves it empty.',
  })
  @IsIn(['auto', 'never'])
  bootstrap: 'auto' | 'never' = 'auto';

  @Setting({
    section: 'Process',
    env: 'LETHE_STAND_IN_URL',
    description:
      'Base URL of an upstream stand-in to use for the provider `stand-in`; without it one is started when it is needed (development only).',
  })
  @IsOptional()
  @IsWebUrl()
  standInUrl?: string;

  @Setting({
    section: 'Process',
    env: 'OPENAI_API_KEY',
    secret: true,
    description:
      'First run in development: makes OpenAI the upstream of the demo organisation, with this key. Not read again afterwards; without it the upstream is the stand-in.',
  })
  @IsOptional()
  @IsString()
  openaiApiKey?: string;

  @Setting({
    section: 'Process',
    env: 'LETHE_TRUSTED_PROXIES',
    kind: 'list',
    description: 'CIDR blocks of reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.',
  })
  @IsNetwork({ each: true })
  trustedProxies: string[] = [];

  @Setting({
    section: 'Process',
    env: 'LETHE_ALLOW_PLAIN_HTTP',
    kind: 'boolean',
    description:
      'Whether production answers requests that came without TLS. Otherwise they need `X-Forwarded-Proto: https` from a trusted proxy, or must come from this machine (S1).',
  })
  @IsBoolean()
  allowPlainHttp = false;

  @Setting({
    section: 'Process',
    env: 'LETHE_CORS_ORIGINS',
    kind: 'list',
    description: 'Browser origins that may call the admin API. None by default.',
  })
  @IsString({ each: true })
  corsOrigins: string[] = [];
}
