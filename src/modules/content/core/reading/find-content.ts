import { Injectable } from '@nestjs/common';
import type { CallId, OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { contentErrors } from '../../content.errors.js';
import { CallContentsRepository } from '../../data/call-contents.repository.js';
import type { ContentKeyRow } from '../../data/content-key.entity.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';
import type { ContentRow } from '../../data/content-rows.js';
import { ContentBlobs } from '../keeping/content-blobs.js';
import { AbsentContent } from './absent-content.js';

/** What is kept of a call, and the wrapped key that opens it. */
export interface SealedFind {
  readonly row: ContentRow;
  readonly sealed: Buffer;
  readonly key: ContentKeyRow;
}

/** Where what is kept lies: rows, the keys that open them, and objects. */
@Injectable()
export class ContentPlaces {
  constructor(
    readonly contents: CallContentsRepository,
    readonly keys: ContentKeysRepository,
    readonly blobs: ContentBlobs,
  ) {}
}

/** Finds what is kept of a call, of one organisation's calls alone (A3). Opens nothing. */
@Injectable()
export class FindContent {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly places: ContentPlaces,
    private readonly absent: AbsentContent,
  ) {}

  /**
   * `admit` runs in the same transaction and may refuse; what is in the blob store is fetched after it. Raises `content/not_kept`, `content/expired`,
   * `content/destroyed`, what `admit` raises, and `content/gone` and `blob/*` where the object is gone or cannot be had now.
   */
  async run(organisationId: OrganisationId, callId: CallId, admit: (tx: Tx, row: ContentRow) => Promise<void>): Promise<SealedFind> {
    const { row, key } = await this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const { row, key } = await this.unitOfWork.withContent(tx, async (content) => {
        const found = await this.places.contents.find(content, organisationId, callId);
        return { row: found, key: found && (await this.places.keys.find(content, organisationId, found.keyVersion)) };
      });
      if (!row) throw this.absent.withoutRow(organisationId, callId);
      if (this.absent.isOver(row)) throw contentErrors.expired();
      if (!key?.wrappedKey) throw contentErrors.destroyed();
      await admit(tx, row);
      return { row, key };
    });
    return { row, key, sealed: row.sealed ?? (await this.places.blobs.read(row)) };
  }
}
