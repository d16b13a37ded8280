import type { CredentialId, OrganisationId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/unit-of-work.js';
import type { AuditActor } from '../audit/audit.contract.js';

/** Providers a credential can be for. `openai_compatible` needs a base URL; `stand_in` is the local upstream stand-in of development. */
export const PROVIDER_NAMES = ['openai', 'openai_compatible', 'stand_in'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

/** What may be known of a credential without opening it. */
export interface CredentialSummary {
  readonly id: CredentialId;
  readonly organisationId: OrganisationId;
  readonly provider: ProviderName;
  /** Null: the provider's own address. */
  readonly baseUrl: string | null;
  readonly active: boolean;
}

/** Credentials by id, from memory. Also the injection token. */
export abstract class CredentialDirectory {
  /** Differs whenever an answer of {@link find} may differ, so what was made of those answers can be kept until then. */
  abstract readonly revision: number;
  abstract find(id: CredentialId): CredentialSummary | null;
  /** Whether any credential is for this provider. */
  abstract hasProvider(provider: ProviderName): boolean;
}

/** Opens provider secrets, for signing an outbound call and for nothing else (K2). Also the injection token. */
export abstract class CredentialVault {
  /**
   * The secret, from a short-lived in-memory cache when it was opened a moment ago. Concurrent calls for one credential share one
   * unwrap. Raises `credentials/not_found`, `credentials/disabled`, `credentials/secret_unreadable` and the failures of the key
   * management service, such as `kms/unavailable`.
   */
  abstract open(id: CredentialId): string | Promise<string>;
}

/** A credential to be issued. `secret` is 8 to 4096 visible ASCII characters. */
export interface NewCredential {
  readonly name: string;
  readonly provider: ProviderName;
  readonly baseUrl?: string | null;
  readonly secret: string;
}

/** A credential as its owner may see it: never the secret, nor what it is sealed in (K2). */
export interface CredentialView extends Omit<CredentialSummary, 'active'> {
  readonly name: string;
  readonly status: 'active' | 'disabled';
  /** Counts the secrets this credential has had. */
  readonly version: number;
  /** The end of the secret, such as `…4f2a`; empty when the secret is too short to show any of it. */
  readonly hint: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** What a re-wrap came to, in credentials. */
export interface RewrapReport {
  readonly rewrapped: number;
  /** Rotated, deleted or re-wrapped by someone else meanwhile: nothing was left to do. */
  readonly overtaken: number;
  /** Could not be opened. Each is named in the log. */
  readonly unreadable: number;
}

/** Credentials as the command line, the first start and other modules handle them. Also the injection token. */
export abstract class CredentialAdministration {
  /** Seals and stores a credential. Opens a transaction of its own, because sealing may ask a key management service. */
  abstract issue(actor: AuditActor, organisationId: OrganisationId, credential: NewCredential): Promise<CredentialView>;
  /** All credentials of an organisation, oldest first. */
  abstract list(organisationId: OrganisationId): Promise<readonly CredentialView[]>;
  /** Which of `ids` are credentials of this organisation, as this transaction sees them. */
  abstract existing(tx: Tx, organisationId: OrganisationId, ids: readonly CredentialId[]): Promise<ReadonlySet<CredentialId>>;
  /**
   * Wraps every data key under the current root key that is not yet (K3). Online: ciphertexts stay, calls go on, and a run that was
   * cut short is resumed by the next. Raises `kms/*` when the key management service cannot be asked.
   */
  abstract rewrapAll(signal?: AbortSignal): Promise<RewrapReport>;
}
