import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RunFolder } from './run-folder.js';

const START_MS = 10_000;

/** A Redis server for one run, which writes every command to its log and never rewrites it: what was ever in it is in that file. */
export class ThrowAwayRedis {
  private constructor(
    private readonly server: ChildProcess,
    readonly folder: string,
    readonly client: Redis,
    readonly url: string,
  ) {}

  /** Whether this machine has the program. */
  static isPossible(): boolean {
    return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
  }

  static async start(run: RunFolder): Promise<ThrowAwayRedis> {
    const folder = run.make('redis');
    const pidfile = join(folder, 'redis.pid');
    const port = await freePort();
    const options = { port, bind: '127.0.0.1', dir: folder, pidfile, appendonly: 'yes', 'auto-aof-rewrite-percentage': 0, save: '' };
    const server = spawn(
      'redis-server',
      Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]),
      { stdio: 'ignore', cwd: '/' },
    );
    const url = `redis://127.0.0.1:${port}`;
    const client = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50, commandTimeout: START_MS });
    client.on('error', () => undefined);
    const redis = new ThrowAwayRedis(server, folder, client, url);
    try {
      await client.ping();
      return redis;
    } catch (error) {
      await redis.stop();
      throw error;
    }
  }

  /** Writes the dump too. */
  async writeOut(): Promise<void> {
    await this.client.save();
  }

  async stop(): Promise<void> {
    this.client.disconnect();
    if (this.server.exitCode === null && this.server.signalCode === null) {
      const gone = once(this.server, 'exit');
      this.server.kill('SIGKILL');
      await gone;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
