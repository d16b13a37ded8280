import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Stands between Lethe and Postgres and can lose what Postgres answers. */
export interface PostgresProxy {
  readonly url: string;
  /** From now on the next answer on each connection is lost and the connection breaks: what was asked is done, and nobody hears of it. */
  loseAnswers(): void;
  /** Breaks every connection and takes none, as a network that is down. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** `url` names the server's socket folder in `host`, as the embedded server's does. */
export async function startPostgresProxy(url: string): Promise<PostgresProxy> {
  const [, host = ''] = /[?&]host=([^&]+)/.exec(url) ?? [];
  const socketName = '.s.PGSQL.5432';
  const server = join(decodeURIComponent(host), socketName);
  const directory = mkdtempSync(join(tmpdir(), 'lethe-proxy-'));
  let mode: 'pass' | 'lose' | 'cut' = 'pass';
  const open = new Set<Socket>();

  const proxy = createServer((client) => {
    if (mode === 'cut') return client.destroy();
    const upstream = connect(server);
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => void upstream.write(chunk));
    upstream.on('data', (chunk: Buffer) => {
      if (mode === 'lose') client.destroy();
      else client.write(chunk);
    });
  });
  await new Promise<void>((resolve) => proxy.listen(join(directory, socketName), resolve));
  return {
    url: url.replace(host, encodeURIComponent(directory)),
    loseAnswers: () => {
      mode = 'lose';
    },
    cut: () => {
      mode = 'cut';
      for (const socket of open) socket.destroy();
    },
    mend: () => {
      mode = 'pass';
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
