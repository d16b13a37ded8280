import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** What a scanner talks to in place of the server it scans. */
export interface CountingProxy {
  readonly url: string;
  readonly requests: number;
  /** How often each status was answered. */
  readonly byStatus: Readonly<Record<string, number>>;
  /** Requests answered with a 5xx, and requests by which the server was led to call `/outside/`, the address wapiti lures it to. */
  readonly failures: readonly string[];
  close(): Promise<void>;
}

/** Passes everything on to `target`, each request with a client address of its own. */
export async function countingProxy(target: string): Promise<CountingProxy> {
  const { hostname, port, host } = new URL(target);
  const byStatus: Record<string, number> = {};
  const failures: string[] = [];
  let requests = 0;

  function count(status: number, incoming: IncomingMessage): void {
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    if (status >= 500 && failures.length < 20) failures.push(`${status} ${incoming.method} ${incoming.url}`);
  }

  function pass(incoming: IncomingMessage, answer: ServerResponse): void {
    requests += 1;
    const address = `10.${(requests >> 16) & 255}.${(requests >> 8) & 255}.${requests & 255}`;
    const headers = { ...incoming.headers, host, 'x-forwarded-for': address };
    const outgoing = request({ hostname, port, path: incoming.url, method: incoming.method, headers }, (answered) => {
      count(answered.statusCode ?? 0, incoming);
      answer.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
      answered.pipe(answer);
    });
    outgoing.on('error', (error) => {
      failures.push(`${error.message} ${incoming.method} ${incoming.url}`);
      answer.destroy();
    });
    incoming.pipe(outgoing);
  }

  const server = createServer((incoming, answer) => {
    if (!incoming.url?.startsWith('/outside/')) return pass(incoming, answer);
    // wapiti asks here whether anybody came; anybody else who comes was lured.
    const isWapiti = incoming.url.startsWith('/outside/get_');
    if (!isWapiti) failures.push(`lured to ${incoming.url}`);
    return answer.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${address.port}`,
    get requests() {
      return requests;
    },
    byStatus,
    failures,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
