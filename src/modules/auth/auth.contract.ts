import type { KeyAnomaly } from '../../contracts/key-anomaly.js';
import type { AccountId, ApiKeyId, OperatorId, OrganisationId, ProjectId } from '../../kernel/ids.js';
import type { ServiceKeyScope } from '../../platform/http/permissions.js';
import type { ServiceKeyPrincipal } from '../../platform/http/principal.js';
import type { StaffRole } from '../../platform/http/staff-roles.js';
import type { AuditActor } from '../audit/audit.contract.js';

/**
 * Turns a presented API key into its principal (K4). Also the injection token.
 *
 * Known keys are answered at once from memory, so they keep working while Postgres is away; a well-formed key that is not in memory
 * costs one indexed look-up. Raises `auth/missing_key`, `auth/invalid_key`, `auth/expired_key`, `auth/revoked_key`,
 * `auth/network_not_allowed`, `auth/key_blocked`, `auth/organisation_suspended`, and `auth/unavailable` (503, never 401) when it takes a look-up that cannot be made (peers 25).
 */
export abstract class KeyAuthenticator {
  /** `remoteAddress` is the caller's IP address, for keys with an allow-list. */
  abstract authenticate(presentedKey: string, remoteAddress: string): ServiceKeyPrincipal | Promise<ServiceKeyPrincipal>;
}

/** Why a key is blocked: what was unusual about it, or because the operator decided so. */
export type BlockReason = KeyAnomaly | 'operator';

/** An API key as it may be shown: never its secret, only how that ends. */
export interface ApiKeySummary {
  readonly id: ApiKeyId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly name: string;
  /** The last four characters of the secret. */
  readonly hint: string;
  readonly scopes: readonly ServiceKeyScope[];
  /** CIDR blocks the key may be used from; from anywhere when empty. */
  readonly allowedNetworks: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** True to about half a minute. */
  readonly lastUsedAt: Date | null;
  /** How the secret before the last rotation ends; this and the next two are null when there is none. */
  readonly previousHint: string | null;
  /** When the previous secret stops, or has stopped, being accepted. */
  readonly previousExpiresAt: Date | null;
  /** When the previous secret was last used since it was replaced; true to about half a minute. */
  readonly previousLastUsedAt: Date | null;
  /** Since when calls with it are refused; null, like the reason, when they are not. */
  readonly blockedAt: Date | null;
  readonly blockedReason: BlockReason | null;
}

/** Names one key. */
export type ApiKeyRef = Pick<ApiKeySummary, 'organisationId' | 'id'>;

export interface NewApiKey {
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly name: string;
  readonly scopes: readonly ServiceKeyScope[];
  /** Null: never. */
  readonly expiresAt: Date | null;
  /** Addresses (`192.0.2.7`) and CIDR blocks (`10.0.0.0/8`); empty: anywhere. */
  readonly allowedNetworks: readonly string[];
}

/** Makes, lists and revokes API keys. Also the injection token. */
export abstract class KeyAdministration {
  /**
   * `secret` is shown here and never again: Lethe keeps its hash (K4). Raises `tenants/project_not_found`, `auth/too_many_keys`, and
   * `lethe/invalid_request` for an expiry in the past, an unknown scope or a network that is none.
   */
  abstract createKey(command: NewApiKey, actor: AuditActor): Promise<{ readonly key: ApiKeySummary; readonly secret: string }>;
  /** In the order they were made, at most `limit`. Raises `tenants/organisation_not_found`. */
  abstract listKeys(organisationId: OrganisationId, after: ApiKeyId | undefined, limit: number): Promise<readonly ApiKeySummary[]>;
  /** Raises `auth/key_not_found`. */
  abstract readKey(organisationId: OrganisationId, id: ApiKeyId): Promise<ApiKeySummary>;
  /** Takes effect on every replica within a second. Revoking twice changes nothing. Raises `auth/key_not_found`. */
  abstract revokeKey(organisationId: OrganisationId, id: ApiKeyId, actor: AuditActor): Promise<void>;
}

/** A fresh operator token: shown once, kept as its hash. */
export interface IssuedOperatorToken {
  readonly operatorId: OperatorId;
  readonly token: string;
}

/** A named member of the operator's staff. */
export interface Operator {
  readonly id: OperatorId;
  readonly name: string;
  readonly role: StaffRole;
  readonly status: 'active' | 'disabled';
  /** Whose session may act as this operator; null for one that only has tokens. */
  readonly accountId: AccountId | null;
  /** Until when an invitation that nobody has taken up can be. */
  readonly invitedUntil: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What to change of an operator; what is absent stays. */
export type OperatorChange = { readonly [Field in 'name' | 'role' | 'status']?: Operator[Field] | undefined };

/** The operator's named staff and their tokens: first-run bootstrap and command line (A4). Also the injection token. */
export abstract class OperatorAdministration {
  /** Whether anybody can administer this installation yet. */
  abstract hasOperators(): Promise<boolean>;
  /** All of them, in the order they were added. */
  abstract listOperators(): Promise<readonly Operator[]>;
  /** An operator without a token and without an account. Raises `auth/operator_name_taken`. */
  abstract addOperator(name: string, role: StaffRole, actor: AuditActor): Promise<Operator>;
  /** An administrator with a first token. Raises `auth/operator_name_taken`. */
  abstract createOperator(name: string, actor: AuditActor): Promise<IssuedOperatorToken>;
  /** Raises `auth/operator_not_found`, `auth/operator_name_taken` and `auth/last_administrator`. */
  abstract changeOperator(name: string, change: OperatorChange, actor: AuditActor): Promise<Operator>;
  /** What a person needs to sign in as this operator, shown once. Raises `auth/operator_not_found` and `auth/operator_linked`. */
  abstract inviteOperator(name: string, actor: AuditActor): Promise<{ readonly invitation: string; readonly expiresAt: Date }>;
  /** One more token, for a lost one or a rotation; `expiresAt` null: until it is revoked. Raises `auth/operator_not_found` and `lethe/invalid_request`. */
  abstract issueToken(name: string, actor: AuditActor, expiresAt?: Date | null): Promise<IssuedOperatorToken>;
  /** Revokes all tokens of an operator, at once, and answers how many there were. Raises `auth/operator_not_found`. */
  abstract revokeTokens(name: string, actor: AuditActor): Promise<number>;
}
