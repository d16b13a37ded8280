import { hash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import { newId, type OrganisationId, type ScimTokenId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { type AuditActor, AuditLog } from '../../../audit/audit.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { ScimTokenRow } from '../../data/scim-token.entity.js';
import { ScimTokensRepository } from '../../data/scim-tokens.repository.js';
import { scimErrors } from '../../scim.errors.js';

export const SCIM_TOKEN_PREFIX = 'lethe_scim_';
/** One in use, one that follows it, and some for a second directory. */
const MAX_LIVE = 5;
/** Longest that a token and the one in its place both work. */
const LONGEST_OVERLAP_MS = 7 * 86_400_000;
const HINT_LENGTH = 4;

export interface NewScimToken {
  readonly name: string;
  /** Null: until it is revoked. */
  readonly expiresAt: Date | null;
}

/** A token with its secret, which nobody sees again. */
export interface IssuedScimToken {
  readonly token: ScimTokenRow;
  readonly secret: string;
}

/** The tokens of an organisation's directory: made, put in place of one another, revoked. */
@Injectable()
export class AdministerScimTokens {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tokens: ScimTokensRepository,
    private readonly tenants: Tenants,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Raises `tenants/organisation_not_found`, `scim/token_limit` and `lethe/invalid_request`. */
  issue(organisationId: OrganisationId, wanted: NewScimToken, actor: AuditActor): Promise<IssuedScimToken> {
    if (wanted.expiresAt !== null && wanted.expiresAt.getTime() <= this.clock.nowMs())
      throw invalidRequest([{ field: 'expiresAt', message: 'must lie in the future' }]);
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      await this.tenants.requireOrganisation(tx, organisationId);
      return this.add(tx, organisationId, wanted, actor);
    });
  }

  /**
   * Makes a token in place of another, which goes on until `previousUntil`, at most a week, or ends at once with null. Raises
   * `scim/token_not_found`, `scim/token_limit` and `lethe/invalid_request`.
   */
  rotate(organisationId: OrganisationId, id: ScimTokenId, previousUntil: Date | null, actor: AuditActor): Promise<IssuedScimToken> {
    const overlapMs = (previousUntil?.getTime() ?? this.clock.nowMs() + 1) - this.clock.nowMs();
    if (overlapMs <= 0 || overlapMs > LONGEST_OVERLAP_MS)
      throw invalidRequest([{ field: 'previousValidUntil', message: 'must lie in the next 7 days; null ends it at once' }]);
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const before = await this.tokens.lock(tx, organisationId, id);
      if (before === null || before.revokedAt !== null) throw scimErrors.token_not_found();
      const issued = await this.add(tx, organisationId, { name: before.name, expiresAt: null }, actor);
      if (previousUntil === null) await this.end(tx, organisationId, id, actor);
      else await this.tokens.expire(tx, organisationId, id, previousUntil);
      return issued;
    });
  }

  /** The directory is refused from its next request on. Revoking twice changes nothing. Raises `scim/token_not_found`. */
  revoke(organisationId: OrganisationId, id: ScimTokenId, actor: AuditActor): Promise<void> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      if ((await this.tokens.find(tx, organisationId, id)) === null) throw scimErrors.token_not_found();
      await this.end(tx, organisationId, id, actor);
    });
  }

  /** In the order they were made, revoked ones too. */
  list(organisationId: OrganisationId, after: ScimTokenId | undefined, limit: number): Promise<ScimTokenRow[]> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.tokens.list(tx, organisationId, after, limit));
  }

  private async add(
    tx: Tx,
    organisationId: OrganisationId,
    { name, expiresAt }: NewScimToken,
    actor: AuditActor,
  ): Promise<IssuedScimToken> {
    if ((await this.tokens.countLive(tx, organisationId, this.clock.now())) >= MAX_LIVE) throw scimErrors.token_limit();
    const secret = SCIM_TOKEN_PREFIX + randomBytes(32).toString('base64url');
    const id = newId<ScimTokenId>();
    const hint = secret.slice(-HINT_LENGTH);
    const token = { id, organisationId, name, hint, createdAt: this.clock.now(), expiresAt, revokedAt: null, lastUsedAt: null };
    await this.tokens.insert(tx, token, hashScimToken(secret));
    const target = { type: 'scim_token', id };
    const detail = { expiresAt: expiresAt?.toISOString() ?? null };
    await this.audit.record(tx, { actor, action: 'scim_token.created', organisationId, target, detail });
    return { token, secret };
  }

  private async end(tx: Tx, organisationId: OrganisationId, id: ScimTokenId, actor: AuditActor): Promise<void> {
    const isNew = await this.tokens.revoke(tx, organisationId, id, this.clock.now());
    const target = { type: 'scim_token', id };
    if (isNew) await this.audit.record(tx, { actor, action: 'scim_token.revoked', organisationId, target });
  }
}

/** SHA-256: with 256 bits of entropy a slow hash would add nothing. */
export function hashScimToken(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}
