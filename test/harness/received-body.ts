import type { IncomingMessage } from 'node:http';

/** What a client sends, whole. Null when it went away before the end, as one does that is killed: there is nobody to answer. */
export async function receivedBody(request: IncomingMessage): Promise<Buffer | null> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request as AsyncIterable<Buffer>) pieces.push(piece);
  } catch (error) {
    if (!request.complete) return null;
    throw error;
  }
  return Buffer.concat(pieces);
}
