import { Injectable } from '@nestjs/common';
import { In, IsNull, LessThan, Not } from 'typeorm';
import type { ContentKeyId, OrganisationId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import type { ContentTx, Tx } from '../../../platform/database/unit-of-work.js';
import { ContentKeyEntity, type ContentKeyFacts, type ContentKeyRow } from './content-key.entity.js';

/** Every column but the wrapped key, which other roles than `lethe_content` may not read. */
const FACTS = {
  id: true,
  organisationId: true,
  version: true,
  kmsKeyId: true,
  createdAt: true,
  retiredAt: true,
  destroyedAt: true,
} as const;

/** Past it the table would be out of reach for longer than anybody should wait. */
const REWRITE_MAX_BYTES = 67_108_864;

/** A page in the order of ids. */
export interface KeysPage {
  readonly after: ContentKeyId | undefined;
  readonly limit: number;
}

/** Rows of `content_key`. */
@Injectable()
export class ContentKeysRepository {
  /** Newest first. */
  list(tx: Tx, organisationId: OrganisationId): Promise<ContentKeyFacts[]> {
    return tx.find(ContentKeyEntity, { select: FACTS, where: { organisationId }, order: { version: 'DESC' } });
  }

  /** The version to seal under; null before there is one, and after it was destroyed. */
  findCurrent(tx: ContentTx, organisationId: OrganisationId): Promise<ContentKeyRow | null> {
    return tx.findOneBy(ContentKeyEntity, { organisationId, retiredAt: IsNull(), destroyedAt: IsNull() });
  }

  find(tx: ContentTx, organisationId: OrganisationId, version: number): Promise<ContentKeyRow | null> {
    return tx.findOneBy(ContentKeyEntity, { organisationId, version });
  }

  /** False when somebody else made this version first. */
  async insert(tx: ContentTx, key: ContentKeyRow): Promise<boolean> {
    const { id, organisationId, version, kmsKeyId, wrappedKey, createdAt } = key;
    const rows = await tx.query<unknown[]>(
      `INSERT INTO content_key (id, organisation_id, version, kms_key_id, wrapped_key, created_at)
       VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (organisation_id, version) DO NOTHING RETURNING id`,
      [id, organisationId, version, kmsKeyId, wrappedKey, createdAt],
    );
    return rows.length === 1;
  }

  /** False when it was retired or destroyed already. */
  async retire(tx: ContentTx, { organisationId, id }: ContentKeyFacts, retiredAt: Date): Promise<boolean> {
    const current = { organisationId, id, retiredAt: IsNull(), destroyedAt: IsNull() };
    return (await tx.update(ContentKeyEntity, current, { retiredAt })).affected === 1;
  }

  /** Forgets the wrapped keys of these versions and answers which of them had one. */
  async destroy(tx: ContentTx, organisationId: OrganisationId, versions: readonly number[], destroyedAt: Date): Promise<number[]> {
    const due = await tx.find(ContentKeyEntity, {
      select: { id: true, version: true },
      where: { organisationId, version: In(versions), destroyedAt: IsNull() },
      lock: { mode: 'for_no_key_update' },
    });
    const ids = due.map(({ id }) => id);
    if (ids.length > 0) {
      await tx.update(ContentKeyEntity, { organisationId, id: In(ids) }, { destroyedAt, wrappedKey: null, kmsKeyId: null });
    }
    return due.map(({ version }) => version).sort((a, b) => a - b);
  }

  /** Writes the wrapped key and nothing else. False when it is no longer wrapped as `key` says. */
  async replaceWrapping(tx: ContentTx, key: ContentKeyRow, wrapped: Pick<ContentKeyRow, 'kmsKeyId' | 'wrappedKey'>): Promise<boolean> {
    const { id, organisationId, kmsKeyId } = key;
    return (await tx.update(ContentKeyEntity, { id, organisationId, kmsKeyId: kmsKeyId ?? IsNull() }, wrapped)).affected === 1;
  }

  /** Keys of all tenants that are in use and were made before a moment. In a system transaction. */
  inUseSince(tx: Tx, before: Date, { after, limit }: KeysPage): Promise<ContentKeyFacts[]> {
    const due = { retiredAt: IsNull(), destroyedAt: IsNull(), createdAt: LessThan(before) };
    return tx.find(ContentKeyEntity, { select: FACTS, ...oldestFirst(due, after, limit) });
  }

  /** Keys of all tenants that are not wrapped under `kmsKeyId`. In a system transaction. */
  wrappedOtherwise(tx: Tx, kmsKeyId: string, { after, limit }: KeysPage): Promise<ContentKeyFacts[]> {
    const due = { kmsKeyId: Not(kmsKeyId), destroyedAt: IsNull() };
    return tx.find(ContentKeyEntity, { select: FACTS, ...oldestFirst(due, after, limit) });
  }

  /**
   * Writes the table's file anew, without what destroyed keys have left in it: PostgreSQL keeps an updated row in its page until it needs the room.
   * False when somebody uses the table; retention's own round does it later. In a system transaction.
   */
  async rewrite(tx: Tx): Promise<boolean> {
    const [row] = await tx.query<{ rewritten: boolean | null }[]>(`SELECT rewrite_table('content_key', $1) AS rewritten`, [
      REWRITE_MAX_BYTES,
    ]);
    return row?.rewritten === true;
  }
}
