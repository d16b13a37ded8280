import type { IncomingMessage, ServerResponse } from 'node:http';

/** The data plane as the application starts, feeds and stops it. Also the injection token. */
export abstract class Gateway {
  /** Ready to take calls once this resolves. */
  abstract start(): Promise<void>;
  /** Takes a request if it is one of the data plane's; false when it is not. */
  abstract claim(request: IncomingMessage, response: ServerResponse): boolean;
  /** Takes no more calls, waits for those in flight, cuts and settles the rest after `graceMs`, and makes the ledger durable. */
  abstract stop(graceMs: number): Promise<void>;
}
