import { Injectable } from '@nestjs/common';
import type { CallId, OrganisationId } from '../../../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import { contentErrors } from '../../content.errors.js';
import { CallContentsRepository } from '../../data/call-contents.repository.js';
import type { ContentKeyRow } from '../../data/content-key.entity.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';
import type { ContentRow } from '../../data/content-rows.js';

/** What is kept of a call, sealed, and the wrapped key that opens it. */
export interface SealedFind {
  readonly row: ContentRow;
  readonly key: ContentKeyRow;
}

/** Finds what is kept of a call, of one organisation's calls alone (A3). Opens nothing. */
@Injectable()
export class FindContent {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly contents: CallContentsRepository,
    private readonly keys: ContentKeysRepository,
  ) {}

  /** `admit` runs in the same transaction and may refuse. Raises `content/not_kept`, `content/destroyed` and what `admit` raises. */
  run(organisationId: OrganisationId, callId: CallId, admit: (tx: Tx, row: ContentRow) => Promise<void>): Promise<SealedFind> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const { row, key } = await this.unitOfWork.withContent(tx, async (content) => {
        const found = await this.contents.find(content, organisationId, callId);
        return { row: found, key: found && (await this.keys.find(content, organisationId, found.keyVersion)) };
      });
      if (!row) throw contentErrors.not_kept();
      if (!key?.wrappedKey) throw contentErrors.destroyed();
      await admit(tx, row);
      return { row, key };
    });
  }
}
