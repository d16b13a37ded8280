import { Injectable } from '@nestjs/common';
import { AppError } from '../../../kernel/errors.js';
import type { ExternalIdentityId, IdentityProviderId } from '../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { type EnvelopeContext, rewrapEnvelope, type SealedEnvelope } from '../../../platform/kms/envelope.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { ExternalGrantsRepository } from '../data/external-grants.repository.js';
import { sealedSecretOf } from '../data/identity-provider.entity.js';
import { IdentityProvidersRepository } from '../data/identity-providers.repository.js';
import { AuditedProviders } from './audited-providers.js';
import { grantContext } from './keep-grant.js';
import { contextOf } from './provider-secret.js';

const BATCH = 20;
const ACTOR = { kind: 'system', id: 'rewrap-federation' } as const;

type Rewrapped = Pick<SealedEnvelope, 'kmsKeyId' | 'wrappedKey'>;

/**
 * Moves the data keys of client secrets and refresh tokens under the current root key (K3), as credentials does: what is left is read from the
 * rows, and each write names the seal it replaces.
 */
@Injectable()
export class RewrapSecrets {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly providers: IdentityProvidersRepository,
    private readonly audited: AuditedProviders,
    private readonly grants: ExternalGrantsRepository,
    private readonly kms: KeyManagementService,
    private readonly log: Log,
  ) {}

  /** Answers how many were moved. Goes on past secrets that do not open. Raises `kms/*` when the key management service itself fails. */
  async run(signal?: AbortSignal): Promise<number> {
    const current = await this.kms.currentKeyId(signal);
    return (await this.rewrapProviders(current, signal)) + (await this.rewrapGrants(current, signal));
  }

  private async rewrapProviders(current: string, signal: AbortSignal | undefined): Promise<number> {
    let moved = 0;
    let after: IdentityProviderId | undefined;
    for (;;) {
      const due = await this.unitOfWork.asSystem((tx) => this.providers.wrappedOtherwise(tx, current, after, BATCH));
      for (const provider of due) {
        if (signal?.aborted) return moved;
        after = provider.id;
        const sealed = sealedSecretOf(provider);
        if (sealed === null) continue;
        const store = async (tx: Tx, wrapped: Rewrapped): Promise<boolean> => {
          if (!(await this.providers.replaceWrappedKey(tx, provider, wrapped))) return false;
          await this.audited.record(tx, ACTOR, provider, { what: 'secret_rewrapped', from: sealed.kmsKeyId, to: wrapped.kmsKeyId });
          return true;
        };
        moved += await this.rewrap(sealed, contextOf(provider, provider.secretVersion), store);
      }
      if (due.length < BATCH) return moved;
    }
  }

  /** Refresh tokens come and go by themselves, so moving one is worth no audit row of its own. */
  private async rewrapGrants(current: string, signal: AbortSignal | undefined): Promise<number> {
    let moved = 0;
    let after: ExternalIdentityId | undefined;
    for (;;) {
      const due = await this.unitOfWork.asSystem((tx) => this.grants.wrappedOtherwise(tx, current, after, BATCH));
      for (const grant of due) {
        if (signal?.aborted) return moved;
        after = grant.identityId;
        const store = (tx: Tx, wrapped: Rewrapped): Promise<boolean> => this.grants.replaceWrappedKey(tx, grant, wrapped);
        moved += await this.rewrap(grant, grantContext(grant.identityId, grant.version), store);
      }
      if (due.length < BATCH) return moved;
    }
  }

  /** 1 when it was moved, 0 when somebody else was first or it does not open. */
  private async rewrap(
    sealed: SealedEnvelope,
    context: EnvelopeContext,
    store: (tx: Tx, wrapped: Rewrapped) => Promise<boolean>,
  ): Promise<number> {
    try {
      const { kmsKeyId, wrappedKey } = await rewrapEnvelope(this.kms, sealed, context);
      return (await this.unitOfWork.asSystem((tx) => store(tx, { kmsKeyId, wrappedKey }))) ? 1 : 0;
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'kms/unreadable') throw error;
      this.log.error('a secret of federation could not be re-wrapped because it does not open', { component: 'federation', err: error });
      return 0;
    }
  }
}
