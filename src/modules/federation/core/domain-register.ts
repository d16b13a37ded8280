import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { CapturedDomainId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { AuditedDomains } from './audited-domains.js';
import { DomainNews } from './domain-news.js';

const ACTOR = { kind: 'system', id: 'prove-domains-again' } as const;

/** Keeps what a later look at the record of a domain has shown, each with its audit row, and tells the organisation. */
@Injectable()
export class DomainRegister {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly domains: AuditedDomains,
    private readonly news: DomainNews,
    private readonly clock: Clock,
  ) {}

  /** Proven domains of all organisations: a page after the id `after`. */
  proven(after: CapturedDomainId | undefined, limit: number): Promise<CapturedDomainRow[]> {
    return this.unitOfWork.asSystem((tx) => this.domains.allProven(tx, after, limit));
  }

  /** The record is back. */
  found(seen: CapturedDomainRow): Promise<void> {
    return this.change(seen, (tx, domain) => this.update(tx, 'record_found', { ...domain, missingSince: null }));
  }

  /** The record is gone; the domain keeps its effect `until` then. */
  missing(seen: CapturedDomainRow, until: Date): Promise<void> {
    return this.change(seen, async (tx, domain) => {
      await this.update(tx, 'record_missing', { ...domain, missingSince: this.clock.now() });
      await this.news.missing(tx, domain, until.toISOString());
    });
  }

  /** The domain is a claim without effect again. */
  lost(seen: CapturedDomainRow): Promise<void> {
    return this.change(seen, async (tx, domain) => {
      await this.update(tx, 'lost', { ...domain, verifiedAt: null, missingSince: null, ssoRequired: false });
      await this.news.lost(tx, domain);
    });
  }

  private async update(tx: Tx, what: string, domain: CapturedDomainRow): Promise<void> {
    await this.domains.update(tx, ACTOR, what, domain);
  }

  /** Only while the domain is as it was when its record was looked for. */
  private async change(seen: CapturedDomainRow, work: (tx: Tx, domain: CapturedDomainRow) => Promise<void>): Promise<void> {
    await this.unitOfWork.asSystem(async (tx) => {
      const domain = await this.domains.lockIfThere(tx, seen);
      const isSame =
        domain?.verifiedAt?.getTime() === seen.verifiedAt?.getTime() && domain?.missingSince?.getTime() === seen.missingSince?.getTime();
      if (domain !== null && isSame) await work(tx, domain);
    });
  }
}
