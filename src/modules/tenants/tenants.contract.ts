import type { AccountId, OrganisationId, ProjectId } from '../../kernel/ids.js';
import type { Tx } from '../../platform/database/unit-of-work.js';
import type { OrganisationRole } from '../../platform/http/permissions.js';
import type { AuditActor } from '../audit/audit.contract.js';

/** `operator`: the installation's own organisation, whose routes every customer falls back to. There is at most one. */
export type OrganisationKind = 'operator' | 'customer';
/** Calls of a suspended organisation are refused; its data stays. */
export type OrganisationStatus = 'active' | 'suspended';
/** Calls of an archived project are refused; its records stay. */
export type ProjectStatus = 'active' | 'archived';

export interface OrganisationSummary {
  readonly id: OrganisationId;
  /** Unique in the installation and never changed. */
  readonly slug: string;
  readonly name: string;
  readonly kind: OrganisationKind;
  readonly status: OrganisationStatus;
  /** Members must use a second factor (A1). */
  readonly secondFactorRequired: boolean;
  /** CIDR blocks its members may act from; from anywhere when empty. */
  readonly memberNetworks: readonly string[];
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface ProjectSummary {
  readonly id: ProjectId;
  readonly organisationId: OrganisationId;
  /** Unique in its organisation. */
  readonly name: string;
  readonly status: ProjectStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Organisations and projects as other modules need them. Also the injection token. */
export abstract class Tenants {
  /** Null unless the organisation exists and, in this transaction, may be seen. */
  abstract findOrganisation(tx: Tx, id: OrganisationId): Promise<OrganisationSummary | null>;
  /** Raises `tenants/organisation_not_found` unless the organisation exists and, in this transaction, may be seen. */
  abstract requireOrganisation(tx: Tx, id: OrganisationId): Promise<void>;
  /** Raises `tenants/project_not_found` unless the project is an active one of this organisation. */
  abstract requireProject(tx: Tx, organisationId: OrganisationId, id: ProjectId): Promise<void>;
  /** From memory: whether calls of this organisation and project may run now. Unknown ids may not. */
  abstract isActive(organisationId: OrganisationId, projectId: ProjectId): boolean;
  /** From memory: the installation's own organisation, whose routes every customer falls back to. Null before it exists. */
  abstract operatorOrganisation(): OrganisationId | null;
  /**
   * Reads both anew, for a caller who learned of them before memory did: a key may be used a moment after its organisation was made.
   * Rejects with the database's error when that cannot be done.
   */
  abstract refresh(organisationId: OrganisationId, projectId: ProjectId): Promise<void>;
}

/** Makes organisations and projects outside HTTP: first-run bootstrap and command line. Also the injection token. */
export abstract class OrganisationAdministration {
  /** Raises `tenants/slug_taken`, `tenants/operator_exists`, and `lethe/invalid_request` for a slug that is none. */
  abstract createOrganisation(
    command: { readonly slug: string; readonly name: string; readonly kind: OrganisationKind },
    actor: AuditActor,
  ): Promise<OrganisationSummary>;
  /** Raises `tenants/organisation_not_found`, `tenants/project_name_taken` and `tenants/too_many_projects`. */
  abstract createProject(
    command: { readonly organisationId: OrganisationId; readonly name: string },
    actor: AuditActor,
  ): Promise<ProjectSummary>;
  abstract findOrganisation(slug: string): Promise<OrganisationSummary | null>;
  abstract findOperatorOrganisation(): Promise<OrganisationSummary | null>;
  abstract findProject(organisationId: OrganisationId, name: string): Promise<ProjectSummary | null>;
}

/** How a member came to be one; what an identity provider has made, it also changes and removes. */
export type MembershipSource = 'founder' | 'invitation' | 'sso' | 'scim';

export interface Membership {
  readonly organisationId: OrganisationId;
  readonly accountId: AccountId;
  readonly role: OrganisationRole;
  readonly source: MembershipSource;
  readonly createdAt: Date;
}

/** What an organisation asks of whoever acts in it. */
export type AccessPolicy = Pick<OrganisationSummary, 'secondFactorRequired' | 'memberNetworks'>;

/** Who belongs to which organisation, and as what (A2). Read from the database every time, so that a change holds on every replica at once. Also the injection token. */
export abstract class Memberships {
  /** All memberships of an account in organisations that exist, with what each organisation asks of it. The transaction must be a system one. */
  abstract ofAccount(tx: Tx, accountId: AccountId): Promise<readonly (Membership & AccessPolicy)[]>;
  /** Null when the account is no member. */
  abstract find(tx: Tx, organisationId: OrganisationId, accountId: AccountId): Promise<Membership | null>;
  /**
   * The membership as it is once everyone who was changing memberships of the organisation has finished; nobody else changes one until the transaction
   * ends. For whoever decides by it what may become of it. Raises `tenants/member_not_found`.
   */
  abstract lock(tx: Tx, member: Pick<Membership, 'organisationId' | 'accountId'>): Promise<Membership>;
  /** In the order of their accounts, at most `limit`. */
  abstract list(tx: Tx, organisationId: OrganisationId, after: AccountId | undefined, limit: number): Promise<readonly Membership[]>;
  /** Adds a member in the caller's transaction, with its audit row. Raises `tenants/already_member`. */
  abstract add(tx: Tx, membership: Omit<Membership, 'createdAt'>, actor: AuditActor): Promise<void>;
  /** Changes a role, with its audit row; to the one already held it writes nothing. Raises `tenants/member_not_found`, and `tenants/last_owner` when nobody would be left to own the organisation. */
  abstract changeRole(tx: Tx, member: Pick<Membership, 'organisationId' | 'accountId' | 'role'>, actor: AuditActor): Promise<void>;
  /** Ends a membership, with its audit row. Raises `tenants/member_not_found` and `tenants/last_owner`. */
  abstract remove(tx: Tx, member: Pick<Membership, 'organisationId' | 'accountId'>, actor: AuditActor): Promise<void>;
}
