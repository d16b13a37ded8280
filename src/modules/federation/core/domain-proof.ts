import { Injectable } from '@nestjs/common';
import type { CapturedDomainRow } from '../data/captured-domain.entity.js';
import { TxtRecords } from './txt-records.js';

/** Where a domain says that it belongs to an organisation, and what the record begins with. */
export const CHALLENGE_LABEL = '_lethe-challenge';
export const CHALLENGE_PREFIX = 'lethe-domain-verification=';

/** Looks for the record that proves a domain. */
@Injectable()
export class DomainProof {
  constructor(private readonly records: TxtRecords) {}

  /** Whether the record is there now. Raises `federation/dns_unavailable`. Not inside a transaction. */
  async isThere({ domain, challenge }: Pick<CapturedDomainRow, 'domain' | 'challenge'>): Promise<boolean> {
    const texts = await this.records.read(`${CHALLENGE_LABEL}.${domain}`);
    return texts.includes(CHALLENGE_PREFIX + challenge);
  }
}
