import { Injectable } from '@nestjs/common';
import type { ExternalIdentityId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { ExternalGrant, type ExternalGrantRow } from './external-grant.entity.js';

/** Rows of `external_grant`. Every transaction must be a system one. */
@Injectable()
export class ExternalGrantsRepository {
  find(tx: Tx, identityId: ExternalIdentityId): Promise<ExternalGrantRow | null> {
    return tx.findOneBy(ExternalGrant, { identityId });
  }

  /** Stores a grant in place of the version before it. False when somebody else was first. */
  async put(tx: Tx, grant: ExternalGrantRow): Promise<boolean> {
    const { identityId, version } = grant;
    if (version > 1) {
      const { affected } = await tx.update(ExternalGrant, { identityId, version: version - 1 }, grant);
      return affected === 1;
    }
    const { raw } = await tx.createQueryBuilder().insert().into(ExternalGrant).values(grant).orIgnore().returning('version').execute();
    return (raw as unknown[]).length === 1;
  }

  /** Moves the next refresh of a grant that is still of this version. */
  async postpone(tx: Tx, { identityId, version }: Pick<ExternalGrantRow, 'identityId' | 'version'>, refreshAt: Date): Promise<void> {
    await tx.update(ExternalGrant, { identityId, version }, { refreshAt });
  }

  /** Grants that are due, longest waiting first. */
  due(tx: Tx, now: Date, limit: number): Promise<ExternalGrantRow[]> {
    return tx
      .createQueryBuilder(ExternalGrant, 'due')
      .where('due.refresh_at <= :now', { now })
      .orderBy('due.refresh_at')
      .addOrderBy('due.identity_id')
      .take(limit)
      .getMany();
  }

  /** Grants whose data key is not wrapped under `kmsKeyId`: a page after the id `after`. */
  wrappedOtherwise(tx: Tx, kmsKeyId: string, after: ExternalIdentityId | undefined, limit: number): Promise<ExternalGrantRow[]> {
    const query = tx
      .createQueryBuilder(ExternalGrant, 'held')
      .where('held.kms_key_id <> :kmsKeyId', { kmsKeyId })
      .orderBy('held.identity_id')
      .take(limit);
    if (after !== undefined) query.andWhere('held.identity_id > :after', { after });
    return query.getMany();
  }

  /** False, and nothing written, when the grant is no longer sealed as `grant` says. */
  async replaceWrappedKey(
    tx: Tx,
    { identityId, version, kmsKeyId }: Pick<ExternalGrantRow, 'identityId' | 'version' | 'kmsKeyId'>,
    wrapped: { readonly kmsKeyId: string; readonly wrappedKey: Buffer },
  ): Promise<boolean> {
    const { affected } = await tx.update(ExternalGrant, { identityId, version, kmsKeyId }, wrapped);
    return affected === 1;
  }
}
