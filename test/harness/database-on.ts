import pg from 'pg';
import type { OwnPostgres } from './postgres.js';

/** An empty database on a server that several tests share. */
export async function createDatabaseOn(server: OwnPostgres, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  await client.query(`CREATE DATABASE ${name}`);
  await client.end();
  return server.url(name);
}
