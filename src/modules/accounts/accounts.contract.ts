import type { AccountId, SessionId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/unit-of-work.js';
import type { AccountPrincipal } from '../../platform/http/principal.js';
import type { AuditActor } from '../audit/audit.contract.js';

/** `blocked`: by the operator or by abuse detection, until released. `closed`: by its owner; its data goes with the erasure to come. */
export type AccountStatus = 'active' | 'blocked' | 'closed';

/** A person who can sign in. */
export interface AccountSummary {
  readonly id: AccountId;
  /** As its owner wrote it; null for one that signs in by username only. */
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly username: string | null;
  readonly displayName: string | null;
  /** BCP 47, such as `de` or `zh-Hans`. */
  readonly locale: string;
  readonly status: AccountStatus;
  readonly createdAt: Date;
}

/** What is known of a person who is new here. */
export interface NewAccount {
  /** In any spelling; kept as written, compared normalised. */
  readonly email: string | null;
  readonly emailVerified: boolean;
  readonly username: string | null;
  readonly displayName: string | null;
  readonly locale: string;
  /** The person said to be at least this old (A6). Null only for accounts that an organisation's own directory makes. */
  readonly attestedAge: number | null;
}

/** People and their accounts, for the modules that let them in. Also the injection token. */
export abstract class Accounts {
  abstract find(tx: Tx, id: AccountId): Promise<AccountSummary | null>;
  /** By the normalised form of an e-mail address that its owner has proven; null when there is none. */
  abstract findByVerifiedEmail(tx: Tx, email: string): Promise<AccountSummary | null>;
  /** Whether its owner could sign in without any identity provider: by a password, a link mailed to a proven address or a passkey, where those are on. */
  abstract hasOwnWayIn(tx: Tx, id: AccountId): Promise<boolean>;
  /** In the caller's transaction, with its audit row. Raises `accounts/email_taken`, `accounts/username_taken`, `lethe/invalid_request`. */
  abstract create(tx: Tx, account: NewAccount, actor: AuditActor): Promise<AccountSummary>;
  /** Blocks or releases an account; its sessions end at once when it is blocked. Raises `accounts/account_not_found`. */
  abstract changeStatus(tx: Tx, id: AccountId, status: AccountStatus, actor: AuditActor): Promise<void>;
  /** Ends every session of an account, on every replica at its next request. Answers how many there were. */
  abstract endSessions(tx: Tx, id: AccountId, actor: AuditActor): Promise<number>;
}

/** How somebody proved who they are. `oidc`, `saml`: through an identity provider, which may have asked for a second factor itself. */
export type SignInMethod = 'password' | 'email_link' | 'oidc' | 'saml' | 'webauthn';

/** Where a sign-in comes from, as sessions list it. */
export interface SignInOrigin {
  readonly remoteAddress: string;
  /** As sent; cut to a bounded length before it is kept. */
  readonly userAgent: string | null;
}

/**
 * What a successful first step leads to. `complete`: signed in. The other two open a session that can do nothing but finish signing in:
 * by presenting a second factor, or by setting one up because the organisation or the installation demands it.
 */
export type SignInState = 'complete' | 'second_factor_required' | 'second_factor_enrolment_required';

export interface OpenedSession {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
  readonly state: SignInState;
  /** For the session cookie; kept as its hash only. */
  readonly sessionToken: string;
  /** To be sent back as `x-csrf-token` with every request that changes something. */
  readonly csrfToken: string;
  readonly expiresAt: Date;
}

/** Ends what every way of signing in has in common, so that no way can forget a part of it. Also the injection token. */
export abstract class SignIn {
  /**
   * Opens a session for an account whose owner has just proven to be it. A fresh session always (no fixation). Raises `accounts/account_blocked`,
   * and whatever a `SignInRule` raises.
   * `secondFactorDone`: the method itself was two factors (a passkey with user verification, or an identity provider trusted to ask for them).
   */
  abstract open(
    accountId: AccountId,
    how: { readonly method: SignInMethod; readonly secondFactorDone: boolean },
    origin: SignInOrigin,
  ): Promise<OpenedSession>;
}

/** A session that has not finished signing in, or has. */
export interface SessionState {
  readonly sessionId: SessionId;
  readonly accountId: AccountId;
  readonly state: SignInState;
  readonly csrfToken: string;
}

/** Turns a session cookie into who is calling. Also the injection token. */
export abstract class SessionAuthenticator {
  /**
   * Reads the database every time, so that signing out, removing a member or changing a role holds on every replica from the next request on.
   * Raises `accounts/session_ended` (401), `accounts/second_factor_required` (401, with the state in its details) and `accounts/unavailable` (503).
   */
  abstract authenticate(
    sessionToken: string,
    origin: SignInOrigin,
  ): Promise<{ readonly principal: AccountPrincipal; readonly csrfToken: string }>;
  /** The same for the few routes that finish signing in: a session in any state. Raises `accounts/session_ended` and `accounts/unavailable`. */
  abstract inspect(sessionToken: string): Promise<SessionState>;
}
