import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import { newId, type OrganisationId, type ScimTokenId } from '../../../../kernel/ids.js';
import { hashSecret, newSecret } from '../../../../kernel/secrets.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import { Tenants } from '../../../tenants/tenants.contract.js';
import type { ScimTokenRow } from '../../data/scim-token.entity.js';
import { AuditedScimTokens } from './audited-scim-tokens.js';

export const SCIM_TOKEN_PREFIX = 'lethe_scim_';
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
    private readonly tokens: AuditedScimTokens,
    private readonly tenants: Tenants,
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
   * Makes a token in place of another in use, which goes on until `previousUntil`, at most a week, or ends at once with null; never longer than it
   * would have. Raises
   * `scim/token_not_found`, `scim/token_limit` and `lethe/invalid_request`.
   */
  rotate(organisationId: OrganisationId, id: ScimTokenId, previousUntil: Date | null, actor: AuditActor): Promise<IssuedScimToken> {
    const ref = { organisationId, id };
    const overlapMs = (previousUntil?.getTime() ?? this.clock.nowMs() + 1) - this.clock.nowMs();
    if (overlapMs <= 0 || overlapMs > LONGEST_OVERLAP_MS)
      throw invalidRequest([{ field: 'previousValidUntil', message: 'must lie in the next 7 days; null ends it at once' }]);
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const before = await this.tokens.lock(tx, ref, this.clock.now());
      const issued = await this.add(tx, organisationId, { name: before.name, expiresAt: null }, actor);
      if (previousUntil === null) await this.tokens.revoke(tx, ref, this.clock.now(), actor);
      else await this.tokens.expire(tx, before, previousUntil, actor);
      return issued;
    });
  }

  /** The directory is refused from its next request on. Revoking twice changes nothing. Raises `scim/token_not_found`. */
  revoke(organisationId: OrganisationId, id: ScimTokenId, actor: AuditActor): Promise<void> {
    const ref = { organisationId, id };
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.tokens.revoke(tx, ref, this.clock.now(), actor));
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
    const now = this.clock.now();
    const secret = SCIM_TOKEN_PREFIX + newSecret();
    const hint = secret.slice(-HINT_LENGTH);
    const id = newId<ScimTokenId>();
    const token = { id, organisationId, name, hint, createdAt: now, expiresAt, revokedAt: null, lastUsedAt: null };
    await this.tokens.add(tx, token, hashSecret(secret), actor);
    return { token, secret };
  }
}
