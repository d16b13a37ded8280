import { QUEUE_SCHEMA } from './queue-schema.js';

/** What this installation's queues are called by, in Redis as in PostgreSQL. */
export const QUEUE_PREFIX = 'lethe';

type Column = 'identifier' | 'technical';
type Retention =
  | { readonly kind: 'transient'; readonly from: string; readonly within: string }
  | { readonly kind: 'installation'; readonly reason: string }
  | { readonly kind: 'unused' };

const settings: Retention = { kind: 'installation', reason: 'a row for each queue, recurring job or version there is' };
const unused: Retention = { kind: 'unused' };

/** Nothing in the queue is about anyone: payloads are ids and numbers, failures are codes. That is why it needs no export or erasure. */
function operational(table: string, description: string, retention: Retention, columns: Readonly<Record<string, Column>>) {
  return {
    table,
    description,
    dataClass: 'operational',
    subject: 'none',
    retention,
    export: 'not_personal',
    erasure: 'not_personal',
    tenantPolicy: { kind: 'system_only' },
    columns,
  } as const;
}

function technical(names: string): Record<string, Column> {
  return Object.fromEntries(names.split(' ').map((name) => [name, 'technical' as const]));
}

function identifiers(names: string): Record<string, Column> {
  return Object.fromEntries(names.split(' ').map((name) => [name, 'identifier' as const]));
}

/**
 * The outbox and every table BullMQ makes, those of features Lethe does not use included. Declarations for `declareTable`, made by
 * `app/`: the platform may not reach up to the contracts.
 */
export const queueTables = [
  operational(
    'outbox_event',
    'Events committed with a change, waiting to be handed to the queue',
    { kind: 'transient', from: 'created_at', within: 'P1D' },
    {
      ...identifiers('id payload'),
      ...technical('topic created_at claimed_until'),
    },
  ),
  operational(
    `${QUEUE_SCHEMA}.job`,
    'Background jobs: their name, ids to work on, and how far they are',
    { kind: 'transient', from: 'finished_at_ms', within: 'P4D' },
    {
      ...identifiers('id data scheduler_id parent_id parent_key dedup_id'),
      ...technical('queue seq name state opts priority delay_ms max_attempts attempts_made attempts_started progress return_value'),
      ...technical('failed_reason stacktrace deferred_failure processed_by added_at_ms process_at_ms processed_at_ms finished_at_ms'),
      ...technical('lock_token locked_until_ms stalled_count parent_queue pending_deps stalled_marked'),
    },
  ),
  operational(
    `${QUEUE_SCHEMA}.event`,
    'What happened to which job; emptied by every sweep',
    { kind: 'transient', from: 'created_at_ms', within: 'P1D' },
    {
      ...identifiers('data'),
      ...technical('queue id event created_at_ms'),
    },
  ),
  operational(`${QUEUE_SCHEMA}.scheduler`, 'When each recurring job runs next', settings, {
    ...technical('queue scheduler_id name next_run_ms pattern every_ms tz start_date_ms end_date_ms limit_count'),
    ...technical('iteration_count template_data template_opts producer_id offset_ms'),
  }),
  operational(`${QUEUE_SCHEMA}.meta`, 'Settings of each queue', settings, technical('queue field value')),
  operational(
    `${QUEUE_SCHEMA}.migration`,
    'Which version of its schema BullMQ has',
    settings,
    technical('version name min_client_version applied_at'),
  ),
  operational(`${QUEUE_SCHEMA}.job_log`, 'Log lines of jobs', unused, technical('queue job_id idx row')),
  operational(
    `${QUEUE_SCHEMA}.job_dependency`,
    'Jobs waiting for other jobs',
    unused,
    technical('parent_queue parent_id child_queue child_id child_key status value'),
  ),
  operational(`${QUEUE_SCHEMA}.metrics`, 'Counts per minute', unused, technical('queue kind count prev_ts prev_count data')),
  operational(`${QUEUE_SCHEMA}.rate_limit`, 'Rate limits of queues', unused, technical('queue points expire_at_ms')),
  operational(`${QUEUE_SCHEMA}.dedup`, 'Deduplication keys', unused, technical('queue dedup_id job_id expire_at_ms')),
  operational(`${QUEUE_SCHEMA}.dedup_next`, 'Jobs set aside by deduplication', unused, technical('queue dedup_id payload')),
  operational(
    `${QUEUE_SCHEMA}.relay_node`,
    "Nodes of BullMQ's relay",
    unused,
    technical('ns node_id lease_until registered_at last_heartbeat info backlog dropped in_flight'),
  ),
  operational(
    `${QUEUE_SCHEMA}.relay_subscription`,
    "Subscriptions of BullMQ's relay",
    unused,
    technical('ns node_id endpoint_id pattern root'),
  ),
  operational(
    `${QUEUE_SCHEMA}.relay_inbox`,
    "Messages of BullMQ's relay",
    unused,
    technical('id ns node_id kind topic mid ts data endpoints'),
  ),
  operational(
    `${QUEUE_SCHEMA}.relay_retained`,
    "Retained messages of BullMQ's relay",
    unused,
    technical('ns topic mid ts data expires_at'),
  ),
];

/** Keys that BullMQ makes, of each of the three queues. */
function inRedis(queue: string, description: string) {
  return {
    store: `redis.${queue}`,
    description,
    place: { kind: 'redis', prefix: `${QUEUE_PREFIX}:${queue}:` },
    dataClasses: ['operational'],
    subject: 'none',
    retention: { kind: 'transient', within: 'P4D' },
    export: 'not_personal',
    erasure: 'not_personal',
    holds: { ...identifiers('name data'), ...technical('state opts times failed_reason stacktrace return_value') },
  } as const;
}

/** Where jobs are when they live in Redis. For `declareStore`, called by `app/`. */
export const queueStores = [
  inRedis('events', 'Events on their way to their handlers: ids, enums and numbers'),
  inRedis('recurring', 'Recurring jobs and when each runs next'),
  inRedis('long', 'Recurring jobs that take long, and when each runs next'),
  {
    store: 'redis.server',
    description: 'The append-only file and snapshots of Redis',
    place: { kind: 'server', product: 'Redis' },
    settings: ['REDIS_URL'],
    dataClasses: ['operational'],
    subject: 'none',
    retention: { kind: 'follows', what: 'the keys: Redis writes both anew as they grow' },
    export: 'not_personal',
    erasure: 'not_personal',
    holds: { bytes: 'identifier' },
  },
] as const;
