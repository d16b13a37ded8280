import type { ApiKeyId, CallId, OrganisationId, ProjectId } from '../../../kernel/ids.js';
import type { ContentStore } from '../content.contract.js';

/** One call's content, sealed: a row of the table of its store. */
export interface ContentRow {
  readonly store: ContentStore;
  readonly callId: CallId;
  readonly expiresOn: string;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly keyId: ApiKeyId;
  readonly writtenAt: Date;
  readonly grantId: string | null;
  readonly keyVersion: number;
  readonly requestBytes: number;
  readonly answerBytes: number | null;
  readonly requestCut: boolean;
  readonly answerCut: boolean;
  readonly redacted: boolean;
  /** Null: it is in the blob store. */
  readonly sealed: Buffer | null;
  /** The day in the name of its object, `YYYY-MM-DD`; null when there is none. */
  readonly blobDay: string | null;
}

/** A row without what was said. */
export type ContentFacts = Omit<ContentRow, 'sealed' | 'blobDay'>;

export const CONTENT_TABLES: Readonly<Record<ContentStore, string>> = {
  payload: 'call_payload',
  failed_input: 'call_failed_input',
  granted: 'call_granted_content',
};
