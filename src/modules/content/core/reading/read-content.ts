import { Injectable } from '@nestjs/common';
import { AppError } from '../../../../kernel/errors.js';
import type { CallId, OrganisationId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { contentErrors } from '../../content.errors.js';
import type { ContentRow } from '../../data/content-rows.js';
import { type ContentDocument, unpackDocument } from '../keeping/content-document.js';
import { openContent } from '../keeping/sealed-content.js';
import { ContentKeys } from '../keys/content-keys.js';
import { AdmitReader } from './admit-reader.js';
import { FindContent } from './find-content.js';
import type { ReadingPurpose } from './reading-purposes.js';

/** Redaction may make a text longer than it was: a placeholder is longer than a short password. */
const LONGER_BY = 4;

/** What was kept of a call, and what is known of it. */
export interface KeptContent extends Omit<ContentRow, 'sealed' | 'blobDay'>, ContentDocument {}

/** Whose content is read, and what for. */
export interface ReadRequest {
  readonly organisationId: OrganisationId;
  readonly callId: CallId;
  readonly purpose: ReadingPurpose;
}

/**
 * Reads what was kept of a call: the only way in which content is ever opened (C7). A purpose is named, and the reading is in the audit log before
 * anything is opened: its row commits with the look at the ciphertext, and nothing is shown unless it did.
 */
@Injectable()
export class ReadContent {
  private readonly maxBytes: number;

  constructor(
    settings: Settings,
    private readonly finding: FindContent,
    private readonly admitting: AdmitReader,
    private readonly keys: ContentKeys,
  ) {
    this.maxBytes = settings.maxBodyBytes * LONGER_BY + settings.contentMaxBytes;
  }

  /**
   * Raises `content/not_kept`, `content/expired`, `content/destroyed`, `content/grant_required` for staff who name a customer's leave that nobody gave,
   * `content/unreadable`, `content/gone` when its object is in the blob store no more, and `kms/*` or `blob/*` when its key or its object cannot be had
   * now.
   */
  async run(reader: Principal, { organisationId, callId, purpose }: ReadRequest): Promise<KeptContent> {
    const { row, key, sealed } = await this.finding.run(organisationId, callId, (tx, found) =>
      this.admitting.run(tx, reader, purpose, found),
    );
    const { sealed: _bytes, blobDay: _day, ...facts } = row;
    const packed = openContent(await this.keys.toRead(key), sealed, {
      organisationId,
      callId,
      store: row.store,
      keyVersion: row.keyVersion,
    });
    const document = await unpackDocument(packed, this.maxBytes).catch((cause: unknown) => {
      throw cause instanceof AppError ? cause : contentErrors.unreadable({ cause });
    });
    packed.fill(0);
    return { ...facts, ...document };
  }
}
