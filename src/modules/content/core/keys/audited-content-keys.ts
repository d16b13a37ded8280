import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { type ContentKeyId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { WrappedKey } from '../../../../platform/kms/key-management-service.js';
import { type AuditActor, type AuditEntry, AuditLog } from '../../../audit/audit.contract.js';
import type { ContentKeyRow } from '../../data/content-key.entity.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';

/** Writes content keys, each change together with the audit row that tells of it. Use-cases have no other way to write one. */
@Injectable()
export class AuditedContentKeys {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ContentKeysRepository,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {}

  /** Puts a version in use in place of `present`. False, and nothing written, when somebody else was first. */
  async begin(
    tx: Tx,
    actor: AuditActor,
    next: { readonly organisationId: OrganisationId; readonly version: number; readonly wrapped: WrappedKey },
    present: ContentKeyRow | null,
  ): Promise<boolean> {
    const now = this.clock.now();
    const { organisationId, version, wrapped } = next;
    const key: ContentKeyRow = {
      id: newId<ContentKeyId>(),
      organisationId,
      version,
      kmsKeyId: wrapped.kmsKeyId,
      wrappedKey: wrapped.blob,
      createdAt: now,
      retiredAt: null,
      destroyedAt: null,
    };
    const isBegun = await this.unitOfWork.withContent(
      tx,
      async (content) => (present === null || (await this.keys.retire(content, present, now))) && (await this.keys.insert(content, key)),
    );
    if (isBegun)
      await this.audit.record(tx, {
        actor,
        action: present ? 'content_key.rotated' : 'content_key.created',
        ...about(organisationId, version),
      });
    return isBegun;
  }

  /** Answers the versions that were destroyed: those of `versions` that still were there. */
  async destroy(tx: Tx, actor: AuditActor, organisationId: OrganisationId, versions: readonly number[]): Promise<number[]> {
    const destroyed = await this.unitOfWork.withContent(tx, (content) =>
      this.keys.destroy(content, organisationId, versions, this.clock.now()),
    );
    for (const version of destroyed) {
      await this.audit.record(tx, { actor, action: 'content_key.destroyed', ...about(organisationId, version) });
    }
    return destroyed;
  }

  /** False, and nothing written, when the key is no longer wrapped as `key` says. */
  async replaceWrapping(tx: Tx, actor: AuditActor, key: ContentKeyRow, wrapped: WrappedKey): Promise<boolean> {
    const isReplaced = await this.unitOfWork.withContent(tx, (content) =>
      this.keys.replaceWrapping(content, key, { kmsKeyId: wrapped.kmsKeyId, wrappedKey: wrapped.blob }),
    );
    if (!isReplaced) return false;
    const detail = { from: key.kmsKeyId, to: wrapped.kmsKeyId };
    await this.audit.record(tx, { actor, action: 'content_key.rewrapped', ...about(key.organisationId, key.version, detail) });
    return true;
  }
}

function about(
  organisationId: OrganisationId,
  version: number,
  detail: Readonly<Record<string, string | null>> = {},
): Pick<AuditEntry, 'organisationId' | 'target' | 'detail'> {
  return { organisationId, target: { type: 'content_key', id: String(version) }, detail };
}
