import { runMigrations } from 'bullmq';
import pg from 'pg';

/** BullMQ looks for its tables here when it is handed a pool; the name is its own and cannot be chosen. */
export const QUEUE_SCHEMA = 'bullmq';

/** Any number that nobody else locks on: Postgres fails one of two sessions that change the rights to an object at once. */
const GRANTS_LOCK = 7_215_883_003;

const SHAREABLE_ROLE = /^[a-z_][a-z0-9_]{0,62}$/;

/**
 * Brings BullMQ's schema up to the installed version and lets `role` use it. Run it with the owner's connection, after Lethe's own
 * migrations and outside any transaction (BullMQ opens its own, under an advisory lock, so replicas may race). Idempotent.
 *
 * The role gets rows, sequences and functions, and nothing that creates: jobs always carry their own ids, which keeps
 * BullMQ off the path where it would make a sequence per queue.
 */
export async function migrateQueueSchema(ownerUrl: string, role?: string): Promise<void> {
  if (role !== undefined && !SHAREABLE_ROLE.test(role)) throw new RangeError('a role is a plain lower-case identifier');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await runMigrations(client, QUEUE_SCHEMA);
    const grants = role === undefined ? '' : queueGrants(role);
    // One message is one transaction, which the lock lasts for.
    await client.query(`SELECT pg_advisory_xact_lock(${GRANTS_LOCK}); ${QUEUE_SCHEMA_HARDENING} ${grants}`);
  } finally {
    await client.end();
  }
}

/** Functions are open to everyone by default in Postgres; these are for the queue's role alone. */
const QUEUE_SCHEMA_HARDENING = `
  REVOKE ALL ON SCHEMA ${QUEUE_SCHEMA} FROM PUBLIC;
  REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} FROM PUBLIC;
`;

/** The least a role needs to add, work on and sweep jobs. */
function queueGrants(role: string): string {
  return `
    GRANT USAGE ON SCHEMA ${QUEUE_SCHEMA} TO ${role};
    GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};
    REVOKE INSERT, UPDATE, DELETE ON ${QUEUE_SCHEMA}.migration FROM ${role};
    GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA ${QUEUE_SCHEMA} TO ${role};
    GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA ${QUEUE_SCHEMA} TO ${role};
  `;
}
