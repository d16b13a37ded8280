import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { hashSecret } from '../../../../kernel/secrets.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { ScimTokensRepository } from '../../data/scim-tokens.repository.js';
import { scimErrors } from '../../scim.errors.js';
import { SCIM_TOKEN_PREFIX } from './administer-scim-tokens.js';
import { isLive } from './audited-scim-tokens.js';
import type { Directory } from './directory.js';

const BEARER = /^Bearer (?<token>lethe_scim_[A-Za-z0-9_-]{43})$/i;
/** The time of last use is true to about this much. */
const USE_NOTED_MS = 60_000;

/** Turns a bearer token into the directory it belongs to. Reads the database every time, so that a revoked token ends on every replica at once. */
@Injectable()
export class AuthenticateDirectory {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly tokens: ScimTokensRepository,
    private readonly clock: Clock,
  ) {}

  /** Raises `scim/invalid_token`, the same for an unknown, an expired and a revoked one. */
  async run(authorization: string | undefined): Promise<Directory> {
    const secret = BEARER.exec(authorization ?? '')?.groups?.token;
    if (secret?.startsWith(SCIM_TOKEN_PREFIX) !== true) throw scimErrors.invalid_token();
    const now = this.clock.now();
    return this.unitOfWork.asSystem(async (tx) => {
      const token = await this.tokens.findByHash(tx, hashSecret(secret));
      if (token === null || !isLive(token, now)) throw scimErrors.invalid_token();
      if (now.getTime() - (token.lastUsedAt?.getTime() ?? 0) > USE_NOTED_MS) await this.tokens.markUsed(tx, token.id, now);
      return { organisationId: token.organisationId, tokenId: token.id };
    });
  }
}
