import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../kernel/clock.js';
import { AppError } from '../../../kernel/errors.js';
import type { CapturedDomainId } from '../../../kernel/ids.js';
import { Log } from '../../../platform/telemetry/logger.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { DomainProof } from './domain-proof.js';
import { DomainRegister } from './domain-register.js';

const BATCH = 50;
/** How long the record may be gone: a name server that is moved in a hurry costs nobody their sign-in. */
const GRACE_MS = 7 * DAY_MS;

/**
 * Looks for the record of every proven domain again, since domains are sold and run out. One whose record stays away is nobody's after a week; its
 * organisation is told at the first day and at the last. A name server that does not answer proves nothing either way.
 */
@Injectable()
export class ProveDomainsAgain {
  constructor(
    private readonly register: DomainRegister,
    private readonly proof: DomainProof,
    private readonly clock: Clock,
    private readonly log: Log,
  ) {}

  /** Goes on past domains whose name servers do not answer. */
  async run(signal?: AbortSignal): Promise<void> {
    let after: CapturedDomainId | undefined;
    for (;;) {
      const page = await this.register.proven(after, BATCH);
      for (const domain of page) {
        if (signal?.aborted) return;
        await this.look(domain);
        after = domain.id;
      }
      if (page.length < BATCH) return;
    }
  }

  private async look(domain: CapturedDomainRow): Promise<void> {
    try {
      await this.judge(domain, await this.proof.isThere(domain));
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'federation/dns_unavailable') throw error;
      const { organisationId } = domain;
      this.log.warn('a proven domain could not be looked up; it is tried again tomorrow', { component: 'federation', organisationId });
    }
  }

  private async judge(domain: CapturedDomainRow, isThere: boolean): Promise<void> {
    const { missingSince } = domain;
    if (isThere) return missingSince === null ? undefined : this.register.found(domain);
    if (missingSince === null) return this.register.missing(domain, new Date(this.clock.nowMs() + GRACE_MS));
    if (this.clock.nowMs() - missingSince.getTime() >= GRACE_MS) await this.register.lost(domain);
  }
}
