import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { AppError } from '../../../../kernel/errors.js';
import type { CallId, OrganisationId } from '../../../../kernel/ids.js';
import { Settings } from '../../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { Principal } from '../../../../platform/http/principal.js';
import { AuditLog } from '../../../audit/audit.contract.js';
import { contentErrors } from '../../content.errors.js';
import { CallContentsRepository } from '../../data/call-contents.repository.js';
import type { ContentKeyRow } from '../../data/content-key.entity.js';
import { ContentKeysRepository } from '../../data/content-keys.repository.js';
import type { ContentRow } from '../../data/content-rows.js';
import { ContentPolicies } from '../gate/content-policies.js';
import { ContentKeys } from '../keys/content-keys.js';
import { type ContentDocument, unpackDocument } from '../keeping/content-document.js';
import { openContent } from '../keeping/sealed-content.js';
import type { ReadingPurpose } from './reading-purposes.js';

/** Redaction may make a text longer than it was: a placeholder is longer than a short password. */
const LONGER_BY = 4;

/** What was kept of a call, and what is known of it. */
export interface KeptContent extends Omit<ContentRow, 'sealed'>, ContentDocument {}

/** Whose content is read, and what for. */
export interface ReadRequest {
  readonly organisationId: OrganisationId;
  readonly callId: CallId;
  readonly purpose: ReadingPurpose;
}

interface Found {
  readonly row: ContentRow;
  readonly key: ContentKeyRow;
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
    private readonly unitOfWork: UnitOfWork,
    private readonly contents: CallContentsRepository,
    private readonly keyRows: ContentKeysRepository,
    private readonly keys: ContentKeys,
    private readonly policies: ContentPolicies,
    private readonly audit: AuditLog,
    private readonly clock: Clock,
  ) {
    this.maxBytes = settings.maxBodyBytes * LONGER_BY + settings.contentMaxBytes;
  }

  /**
   * Raises `content/not_kept`, `content/destroyed`, `content/grant_required` for staff who name a customer's leave that nobody gave, `content/unreadable`,
   * and `kms/*` when the key cannot be opened now.
   */
  async run(reader: Principal, request: ReadRequest): Promise<KeptContent> {
    const { row, key } = await this.unitOfWork.forOrganisation(request.organisationId, (tx) => this.find(tx, reader, request));
    const { sealed, ...facts } = row;
    const { organisationId, callId, store, keyVersion } = row;
    const packed = openContent(await this.keys.toRead(key), sealed, { organisationId, callId, store, keyVersion });
    const document = await unpackDocument(packed, this.maxBytes).catch((cause: unknown) => {
      throw cause instanceof AppError ? cause : contentErrors.unreadable({ cause });
    });
    packed.fill(0);
    return { ...facts, ...document };
  }

  private async find(tx: Tx, reader: Principal, { organisationId, callId, purpose }: ReadRequest): Promise<Found> {
    const { row, key } = await this.unitOfWork.withContent(tx, async (content) => {
      const found = await this.contents.find(content, organisationId, callId);
      return { row: found, key: found && (await this.keyRows.find(content, organisationId, found.keyVersion)) };
    });
    if (!row) throw contentErrors.not_kept();
    if (!key?.wrappedKey) throw contentErrors.destroyed();
    if (reader.kind === 'operator' && purpose === 'customer_authorised_troubleshooting') this.requireGrant(row);
    await this.audit.record(tx, {
      actor: reader,
      action: 'content.read',
      organisationId,
      target: { type: 'call', id: callId },
      detail: { purpose, store: row.store, grantId: row.grantId },
    });
    return { row, key };
  }

  /** Members read what is theirs. Staff who say that the customer asked them to have to be able to point at where. */
  private requireGrant({ organisationId, projectId, keyId, grantId }: ContentRow): void {
    const nowMs = this.clock.nowMs();
    const open = this.policies.grantsOf(organisationId).filter(({ endsAtMs }) => endsAtMs > nowMs);
    const covers = open.some(
      ({ id, scopeId }) => id === grantId || scopeId === organisationId || scopeId === projectId || scopeId === keyId,
    );
    if (!covers) throw contentErrors.grant_required();
  }
}
