import { randomFillSync } from 'node:crypto';
import { v7, validate, version } from 'uuid';

declare const brand: unique symbol;

/** A UUIDv7 (RFC 9562 §5.7) in lower-case text, branded with what it identifies so that ids cannot be mixed up. */
export type Id<Kind extends string> = string & { readonly [brand]: Kind };

export type OrganisationId = Id<'organisation'>;
export type ProjectId = Id<'project'>;
export type ApiKeyId = Id<'api_key'>;
export type OperatorId = Id<'operator'>;
export type OperatorTokenId = Id<'operator_token'>;
export type BreakGlassId = Id<'break_glass'>;
export type AccountId = Id<'account'>;
export type SessionId = Id<'session'>;
export type InvitationId = Id<'invitation'>;
export type CredentialId = Id<'credential'>;
export type RouteId = Id<'route'>;
export type BudgetId = Id<'budget'>;
export type CallId = Id<'call'>;
export type ContentKeyId = Id<'content_key'>;
export type TroubleshootingGrantId = Id<'troubleshooting_grant'>;
export type InstanceId = Id<'instance'>;
export type IdentityProviderId = Id<'identity_provider'>;
export type ExternalIdentityId = Id<'external_identity'>;
export type CapturedDomainId = Id<'captured_domain'>;
export type FederationAttemptId = Id<'federation_attempt'>;
export type SamlAnswerId = Id<'saml_answer'>;
export type ScimTokenId = Id<'scim_token'>;
export type ScimUserId = Id<'scim_user'>;
export type ScimGroupId = Id<'scim_group'>;

const RANDOM_BYTES = 16;
/** Random bytes are fetched many ids at a time: one call into the system's generator costs more than all the rest of an id. */
const pool = Buffer.allocUnsafe(512 * RANDOM_BYTES);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/** A clock that is further back than this is another one, or was wrong: it is followed. */
const SET_BACK_MS = 60_000;

/**
 * A fresh id, of this moment or of another clock's. Those of one process sort in the order they were made, also within a millisecond and when the clock is
 * set back a little.
 */
export function newId<T extends Id<string>>(nowMs = Date.now()): T {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + RANDOM_BYTES);
  used += RANDOM_BYTES;
  if (nowMs > lastMs || nowMs < lastMs - SET_BACK_MS) {
    lastMs = nowMs;
    // Half of the range is left to count in.
    sequence = random.readUInt32BE(0) >>> 1;
  } else {
    sequence += 1;
  }
  return v7({ random, msecs: lastMs, seq: sequence }) as T;
}

/** Whether `value` is a UUID of any version in its canonical text form. */
export function isId(value: unknown): value is Id<string> {
  return typeof value === 'string' && validate(value);
}

/** Whether an id tells when it was made: ids of ours do, and those a caller made up need not. */
export function isTimedId(id: Id<string>): boolean {
  return validate(id) && version(id) === 7;
}

/** The moment a UUIDv7 was made, milliseconds since the epoch. Throws when `id` is no UUIDv7. */
export function idTimeMs(id: Id<string>): number {
  if (!isTimedId(id)) throw new TypeError('not a UUIDv7');
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}
