/**
 * The yardstick: the least a gateway written in Node can do. node:http in front, one undici pool behind, bodies streamed through
 * both ways. No authentication, no parsing, no record of anything.
 *
 * `node bench/bare-proxy.ts --upstream http://127.0.0.1:PORT` prints {"url": …} when it listens.
 */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';

/** RFC 9110, 7.6.1: these belong to one connection and are not forwarded. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'host',
  'expect',
]);

function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept: IncomingHttpHeaders = {};
  for (const name in headers) if (!hopByHop.has(name)) kept[name] = headers[name];
  return kept;
}

const { values } = parseArgs({ options: { upstream: { type: 'string' }, port: { type: 'string', default: '0' } } });
if (values.upstream === undefined) throw new Error('--upstream is missing');
const pool = new Pool(values.upstream);

const server = createServer((request, response) => {
  const upstream = pool.request({
    path: request.url ?? '/',
    method: request.method as 'POST',
    headers: endToEnd(request.headers),
    body: request,
  });
  upstream.then(
    (answer) => {
      response.writeHead(answer.statusCode, endToEnd(answer.headers));
      answer.body.on('error', () => response.destroy());
      response.on('close', () => answer.body.destroy());
      answer.body.pipe(response);
    },
    () => {
      if (!response.headersSent) response.writeHead(502);
      response.end();
    },
  );
});

server.listen(Number(values.port), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});
process.on('SIGTERM', () => process.exit(0));
