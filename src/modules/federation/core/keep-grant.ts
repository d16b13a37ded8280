import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import type { ExternalIdentityId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type EnvelopeContext, openEnvelope, sealEnvelope } from '../../../platform/kms/envelope.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { ExternalGrantRow } from '../data/external-grant.entity.js';
import { ExternalGrantsRepository } from '../data/external-grants.repository.js';

/** How often a profile is refreshed between sign-ins. */
export const REFRESH_EVERY_MS = 21_600_000;

/** Seals refresh tokens at rest, and opens them for the refresh job and nothing else. */
@Injectable()
export class KeepGrant {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly grants: ExternalGrantsRepository,
    private readonly kms: KeyManagementService,
    private readonly clock: Clock,
  ) {}

  /** Keeps a token in place of the one before it. Of two at the same moment one is kept: a provider's newer token may end its older. */
  async run(identityId: ExternalIdentityId, refreshToken: string): Promise<void> {
    const before = await this.unitOfWork.asSystem((tx) => this.grants.find(tx, identityId));
    const version = (before?.version ?? 0) + 1;
    const bytes = Buffer.from(refreshToken, 'utf8');
    try {
      const sealed = await sealEnvelope(this.kms, bytes, grantContext(identityId, version));
      const refreshAt = new Date(this.clock.nowMs() + REFRESH_EVERY_MS);
      await this.unitOfWork.asSystem((tx) => this.grants.put(tx, { identityId, version, ...sealed, refreshAt }));
    } finally {
      bytes.fill(0);
    }
  }

  /** Grants whose time has come, longest waiting first. */
  due(limit: number): Promise<ExternalGrantRow[]> {
    return this.unitOfWork.asSystem((tx) => this.grants.due(tx, this.clock.now(), limit));
  }

  async postpone(grant: ExternalGrantRow, ms: number): Promise<void> {
    await this.unitOfWork.asSystem((tx) => this.grants.postpone(tx, grant, new Date(this.clock.nowMs() + ms)));
  }

  /** Raises `kms/*`. */
  async open(grant: ExternalGrantRow): Promise<string> {
    const bytes = await openEnvelope(this.kms, grant, grantContext(grant.identityId, grant.version));
    try {
      return bytes.toString('utf8');
    } finally {
      bytes.fill(0);
    }
  }
}

export function grantContext(identityId: ExternalIdentityId, version: number): EnvelopeContext {
  return { what: 'external-grant', row: { identity: identityId, version: String(version) } };
}
