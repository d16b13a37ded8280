import { Injectable } from '@nestjs/common';
import pg from 'pg';
import { DatabaseAddress } from '../../../../platform/database/database-address.js';

/** Any number that nobody else locks on: of replicas that start together one replays and the others wait. */
const REPLAY_LOCK = 7_215_883_006;
const CONNECT_MS = 10_000;

/** One process at a time, by a lock on a session of its own: a process that dies lets go of it. */
@Injectable()
export class ReplayTurn {
  constructor(private readonly address: DatabaseAddress) {}

  async take<T>(work: () => Promise<T>): Promise<T> {
    const client = new pg.Client({
      connectionString: this.address.url,
      application_name: 'lethe',
      options: '-c role=lethe_system',
      connectionTimeoutMillis: CONNECT_MS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('SELECT pg_advisory_lock($1)', [REPLAY_LOCK]);
      return await work();
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
