import { Injectable } from '@nestjs/common';
import { Clock, DAY_MS } from '../../../kernel/clock.js';
import { invalidRequest } from '../../../kernel/errors.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { ApiKeyRef, ApiKeySummary } from '../auth.contract.js';
import { AuditedKeys } from './audited-keys.js';
import { API_KEY_PREFIX, issueSecret } from './secret-format.js';

/** How long two secrets of a key may work side by side. */
const LONGEST_OVERLAP_MS = 7 * DAY_MS;

/**
 * Gives an API key a new secret. The one before goes on until a time of its own, so that nothing stops while programs are told; everything that hangs on
 * the key (budgets, limits, usage) stays with it.
 */
@Injectable()
export class RotateKey {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: AuditedKeys,
    private readonly clock: Clock,
  ) {}

  /**
   * The new secret is valid at once. The present one goes on until `previousUntil`, a week from now at most, and is then refused everywhere; with null
   * it ends within a second. One before that ends now. Raises `auth/key_not_found`, `auth/key_revoked` and `lethe/invalid_request`.
   */
  async run(
    ref: ApiKeyRef,
    previousUntil: Date | null,
    actor: AuditActor,
  ): Promise<{ readonly key: ApiKeySummary; readonly secret: string }> {
    this.requireShortOverlap(previousUntil);
    const secret = issueSecret(API_KEY_PREFIX);
    const key = await this.unitOfWork.forOrganisation(ref.organisationId, async (tx) =>
      this.keys.replaceSecret(tx, await this.keys.lock(tx, ref), { secret, previousUntil }, actor),
    );
    return { key, secret };
  }

  private requireShortOverlap(previousUntil: Date | null): void {
    const overlapMs = (previousUntil?.getTime() ?? this.clock.nowMs() + 1) - this.clock.nowMs();
    if (overlapMs <= 0) throw invalidRequest([{ field: 'previousValidUntil', message: 'must lie in the future; null ends it at once' }]);
    if (overlapMs > LONGEST_OVERLAP_MS) throw invalidRequest([{ field: 'previousValidUntil', message: 'must lie within 7 days' }]);
  }
}
