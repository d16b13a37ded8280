import type { PoolConfig } from 'pg';

/**
 * The two roles sessions begin with; neither owns a table or can bypass row-level security (A3). A third, `lethe_content`, is taken on for moments
 * only: see `UnitOfWork.withContent`.
 */
export type DatabaseRole = 'lethe_app' | 'lethe_system';

/**
 * Connection options that make every session of a pool act as `role` from its first statement, whatever the login may do.
 * Statements and connections that take longer than the bounds fail instead of hanging.
 */
export function sessionAs(role: DatabaseRole, bounds: { statementMs: number; connectMs: number }): PoolConfig {
  return {
    options: `-c role=${role} -c DateStyle=ISO`,
    application_name: 'lethe',
    connectionTimeoutMillis: bounds.connectMs,
    statement_timeout: bounds.statementMs,
    query_timeout: bounds.statementMs + 1_000,
    keepAlive: true,
  };
}
