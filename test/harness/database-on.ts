import { copyTemplate, type OwnPostgres } from './postgres.js';

/** A database with every migration applied, on a server that several tests share. */
export async function createDatabaseOn(server: OwnPostgres, name: string): Promise<string> {
  await copyTemplate(server.url(), 'lethe_template', name);
  return server.url(name);
}
