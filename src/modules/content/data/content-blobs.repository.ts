import { Injectable } from '@nestjs/common';
import { present } from '../../../kernel/assert.js';
import type { CallId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { ContentStore } from '../content.contract.js';
import { CONTENT_TABLES } from './content-rows.js';

/** Which content an object of the blob store holds. */
export interface ContentBlob {
  /** The day in its name, `YYYY-MM-DD`: the last one its row was kept on when it was written. */
  readonly day: string;
  readonly organisationId: OrganisationId;
  readonly store: ContentStore;
  readonly callId: CallId;
}

/** What the database knows of objects in the blob store. In a system transaction, which reads no content: only whether there is a row. */
@Injectable()
export class ContentBlobsRepository {
  /** Those of `blobs` that a row leads to, or a copy of one that a legal hold keeps. */
  async inUse<B extends ContentBlob>(tx: Tx, blobs: readonly B[]): Promise<ReadonlySet<B>> {
    const rows = await tx.query<{ number: string }[]>('SELECT content_blobs_in_use($1, $2, $3) AS number', [
      blobs.map(({ store }) => CONTENT_TABLES[store]),
      blobs.map(({ callId }) => callId),
      blobs.map(({ day }) => day),
    ]);
    return new Set(rows.map(({ number }) => present(blobs[Number(number) - 1], 'an object that was asked for')));
  }

  /** Whose objects are ours, where several installations share a store. */
  async installation(tx: Tx): Promise<string> {
    const [row] = await tx.query<{ id: string }[]>('SELECT installation_id AS id FROM installation');
    return present(row, 'the installation').id;
  }
}
