import { hash } from 'node:crypto';
import type { OutboundAddresses } from '../../../../platform/http/outbound-address.js';
import { auditErrors } from '../../audit.errors.js';
import type { Checkpoint } from '../log/checkpoint.js';
import type { CheckpointDestination } from './checkpoint-destination.js';
import { askOutside } from './outside-request.js';

/** Posts each checkpoint to a URL as `text/plain`. The note is signed itself; who receives it twice finds the same bytes. */
export class PostToWebhook implements CheckpointDestination {
  readonly kind = 'webhook';
  readonly id: string;

  constructor(
    private readonly url: string,
    private readonly addresses: OutboundAddresses,
  ) {
    // A path may hold a secret.
    this.id = `webhook:${hash('sha256', url).slice(0, 16)}`;
  }

  async publish({ note }: Checkpoint, signal: AbortSignal): Promise<void> {
    const url = this.addresses.checkUrl(this.url);
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    const { status } = await askOutside(this.addresses, url, { method: 'POST', headers, body: note }, signal);
    if (status < 200 || status > 299) throw auditErrors.not_accepted({ details: { status } });
  }
}
