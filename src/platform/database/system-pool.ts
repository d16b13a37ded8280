import pg from 'pg';
import { sessionAs } from './roles.js';

const STATEMENT_MS = 2_000;
const CONNECT_MS = 2_000;

/**
 * How these sessions plan: once for every statement, and by index. The ledger's tables are nearly empty and full of dead rows between
 * vacuums, so a plan made while one was small must not scan it for ever. Set here because setting it at each call of a function costs
 * more than the settings save.
 */
const PLANNING = '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off';

/**
 * The few connections the ledger and the heartbeat have to themselves, acting as `lethe_system`. Short bounds: a statement that does
 * not come back is taken for a lost database, and everything it carries can be repeated.
 */
export class SystemPool extends pg.Pool {
  constructor(url: string, connections: number) {
    const session = sessionAs('lethe_system', { statementMs: STATEMENT_MS, connectMs: CONNECT_MS });
    super({ connectionString: url, max: connections, idleTimeoutMillis: 0, ...session, options: `${session.options} ${PLANNING}` });
    // An idle connection that breaks is replaced when it is next needed; unhandled, the event would end the process.
    this.on('error', () => undefined);
  }
}
