import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../audit/audit.contract.js';
import type { ProviderRef } from '../data/identity-providers.repository.js';

/** What happened to a provider, and what the audit row says of it. */
export type ProviderEvent = { readonly what: string } & NonNullable<AuditEntry['detail']>;

/** Tells the audit log of providers. */
@Injectable()
export class ProviderJournal {
  constructor(
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  now(): Date {
    return this.clock.now();
  }

  record(tx: Tx, actor: AuditActor, { organisationId, id }: ProviderRef, { what, ...detail }: ProviderEvent): Promise<void> {
    const target = { type: 'identity_provider', id };
    return this.audit.record(tx, { actor, action: `identity_provider.${what}`, organisationId, target, detail });
  }
}
