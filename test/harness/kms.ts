import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { expect } from 'vitest';
import type { KeyContext } from '../../src/platform/kms/key-context.js';
import type { KeyManagementService, WrappedKey } from '../../src/platform/kms/key-management-service.js';
import { receivedBody } from './received-body.js';

/** An HTTP server that stands in for a keeper of keys. Each says in `serve` how its keeper speaks. */
export abstract class KeeperStandIn {
  private readonly server = createServer((request, response) => void this.receive(request, response));

  /** Answers with where it listens. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  protected abstract serve(request: IncomingMessage, response: ServerResponse, body: Buffer): void;

  private async receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await receivedBody(request);
    if (body !== null) this.serve(request, response, body);
  }
}

/** Expects every truncation and `flips` flipped bits of a wrapped key to be refused (K1). */
export async function expectDamageRefused(kms: KeyManagementService, wrapped: WrappedKey, context: KeyContext, flips = 100): Promise<void> {
  const expectRefused = async (blob: Buffer): Promise<void> => {
    await expect(kms.unwrap({ ...wrapped, blob }, context)).rejects.toMatchObject({ code: 'kms/refused' });
  };
  const anyBit = fc.nat(wrapped.blob.length * 8 - 1);
  await fc.assert(
    fc.asyncProperty(anyBit, (bit) => expectRefused(withBitFlipped(wrapped.blob, bit))),
    { numRuns: flips },
  );
  for (let length = 0; length < wrapped.blob.length; length += 1) await expectRefused(wrapped.blob.subarray(0, length));
}

export function withBitFlipped(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
  return copy;
}
