import type { AuditEventEntity } from '../../data/audit-event.entity.js';
import { canonicalJson, type Json } from './canonical-json.js';
import { hashLeaf } from './merkle-tree.js';

/** An event with what the log adds to it. */
export interface LogEntry extends AuditEventEntity {
  /** Which event of its organisation it is, or of the installation itself: from 1, without gaps. */
  readonly number: number;
  /** 32 random bytes, gone with the event: without them nobody can tell from a leaf hash what an expired event said. */
  readonly nonce: Buffer;
}

/** The event as the log commits to it and as bundles carry it. Changing anything here makes a new format: old leaves must stay what they are. */
export function loggedEvent(entry: LogEntry): { readonly [name: string]: Json } {
  return {
    action: entry.action,
    actorId: entry.actorId,
    actorKind: entry.actorKind,
    detail: entry.detail,
    expiresOn: entry.expiresOn,
    format: 'lethe-audit-event/1',
    id: entry.id,
    nonce: entry.nonce.toString('base64'),
    number: entry.number,
    occurredAt: entry.occurredAt.toISOString(),
    organisationId: entry.organisationId,
    targetId: entry.targetId,
    targetType: entry.targetType,
  };
}

/** The hash of the leaf that stands for an event (RFC 6962 §2.1), over its canonical JSON in UTF-8. */
export function leafHashOf(entry: LogEntry): Buffer {
  return hashLeaf(Buffer.from(canonicalJson(loggedEvent(entry)), 'utf8'));
}
