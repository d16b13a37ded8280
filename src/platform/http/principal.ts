import type { AccountId, ApiKeyId, OperatorId, OrganisationId, ProjectId, SessionId } from '../../kernel/ids.js';
import type { OrganisationRole, Permission } from './permissions.js';

/** The organisations whose own data a request may concern. */
export type Reach = 'everywhere' | ReadonlySet<OrganisationId>;

/** A named member of the operator's staff: a program with a token of theirs, or the person in a session raised to duty. */
export interface OperatorPrincipal {
  readonly kind: 'operator';
  readonly id: OperatorId;
  readonly permissions: ReadonlySet<Permission>;
  readonly reach: Reach;
  /** Null for a token. */
  readonly duty: OperatorDuty | null;
}

/** A session that acts as operator. */
export interface OperatorDuty {
  readonly sessionId: SessionId;
  /** When a second factor was last shown in it, epoch milliseconds. */
  readonly secondFactorAtMs: number;
}

/** A service key of one organisation, bound to one project. */
export interface ServiceKeyPrincipal {
  readonly kind: 'service_key';
  readonly id: ApiKeyId;
  readonly organisationId: OrganisationId;
  readonly projectId: ProjectId;
  readonly permissions: ReadonlySet<Permission>;
}

/** A person who is signed in. What they may do in an organisation is what their role there lets them. */
export interface AccountPrincipal {
  readonly kind: 'account';
  readonly id: AccountId;
  readonly sessionId: SessionId;
  /** What they may do outside any organisation. */
  readonly permissions: ReadonlySet<Permission>;
  readonly memberships: ReadonlyMap<OrganisationId, HeldRole>;
  /** When they last proved who they are, epoch milliseconds: dangerous acts want that to be a moment ago. */
  readonly provenAtMs: number;
  /** When a second factor was last shown in this session, epoch milliseconds; null: never. */
  readonly secondFactorAtMs: number | null;
}

export interface HeldRole {
  readonly role: OrganisationRole;
  readonly permissions: ReadonlySet<Permission>;
}

/** Who is calling, once authenticated. */
export type Principal = OperatorPrincipal | ServiceKeyPrincipal | AccountPrincipal;

/** A session as the routes see it that finish or end signing in. `state` is `complete` when nothing is missing. */
export interface SignInProgress {
  readonly sessionId: SessionId;
  readonly accountId: AccountId;
  readonly state: 'complete' | 'second_factor_required' | 'second_factor_enrolment_required';
  readonly csrfToken: string;
}
