import type { FastifyInstance } from 'fastify';
import { newId } from '../../kernel/ids.js';

/**
 * Fastify options that give every request an id of ours (UUIDv7). Nothing a client sends is taken for the id: it is what
 * the log, the ledger and the answer are joined by, so a client could otherwise pass its request off as another.
 */
export const REQUEST_ID_OPTIONS = { genReqId: (): string => newId(), requestIdHeader: false } as const;

/** Says the id in the header `x-request-id` of every answer, errors included. */
export function sendRequestId(server: FastifyInstance): void {
  server.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
}
