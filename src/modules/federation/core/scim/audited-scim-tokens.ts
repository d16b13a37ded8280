import { Injectable } from '@nestjs/common';
import type { OrganisationId, ScimTokenId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import type { ScimTokenRow } from '../../data/scim-token.entity.js';
import { ScimTokensRepository } from '../../data/scim-tokens.repository.js';
import { scimErrors } from '../../scim.errors.js';

/** One in use, one that follows it, and some for a second directory. */
const MAX_LIVE = 5;

export interface ScimTokenRef {
  readonly organisationId: OrganisationId;
  readonly id: ScimTokenId;
}

/** Changes to SCIM tokens, each with its audit row in the same transaction. */
@Injectable()
export class AuditedScimTokens {
  constructor(
    private readonly tokens: ScimTokensRepository,
    private readonly audit: AuditLog,
  ) {}

  /** Raises `scim/token_limit`. */
  async add(tx: Tx, token: ScimTokenRow, tokenHash: Buffer, actor: AuditActor): Promise<void> {
    const { id, organisationId, createdAt, expiresAt } = token;
    await this.tokens.lockAll(tx, organisationId);
    if ((await this.tokens.countLive(tx, organisationId, createdAt)) >= MAX_LIVE) throw scimErrors.token_limit();
    await this.tokens.insert(tx, token, tokenHash);
    const detail = { expiresAt: expiresAt?.toISOString() ?? null };
    await this.audit.record(tx, { actor, action: 'scim_token.created', organisationId, target: { type: 'scim_token', id }, detail });
  }

  /** A token in use, locked until the transaction ends. Raises `scim/token_not_found`. */
  async lock(tx: Tx, { organisationId, id }: ScimTokenRef, now: Date): Promise<ScimTokenRow> {
    await this.tokens.lockAll(tx, organisationId);
    const token = await this.tokens.lock(tx, organisationId, id);
    if (token === null || !isLive(token, now)) throw scimErrors.token_not_found();
    return token;
  }

  /** Revoking twice changes nothing and is recorded once. Raises `scim/token_not_found`. */
  async revoke(tx: Tx, { organisationId, id }: ScimTokenRef, at: Date, actor: AuditActor): Promise<void> {
    const isNew = await this.tokens.revoke(tx, organisationId, id, at);
    const target = { type: 'scim_token', id };
    if (isNew) await this.audit.record(tx, { actor, action: 'scim_token.revoked', organisationId, target });
    else if ((await this.tokens.find(tx, organisationId, id)) === null) throw scimErrors.token_not_found();
  }

  /** Brings the end of a token forward; one that ends before anyway keeps its end. */
  async expire(tx: Tx, { organisationId, id, expiresAt }: ScimTokenRow, until: Date, actor: AuditActor): Promise<void> {
    if (expiresAt !== null && expiresAt <= until) return;
    await this.tokens.expire(tx, organisationId, id, until);
    const detail = { expiresAt: until.toISOString() };
    await this.audit.record(tx, { actor, action: 'scim_token.expiry_set', organisationId, target: { type: 'scim_token', id }, detail });
  }

  list(tx: Tx, organisationId: OrganisationId, after: ScimTokenId | undefined, limit: number): Promise<ScimTokenRow[]> {
    return this.tokens.list(tx, organisationId, after, limit);
  }
}

/** Whether a token opens anything now. */
export function isLive({ revokedAt, expiresAt }: ScimTokenRow, now: Date): boolean {
  return revokedAt === null && (expiresAt === null || expiresAt > now);
}
