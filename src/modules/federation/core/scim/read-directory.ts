import { Injectable } from '@nestjs/common';
import type { OrganisationId, ScimGroupId, ScimUserId } from '../../../../kernel/ids.js';
import { UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { ScimGroupRow } from '../../data/scim-group.entity.js';
import { type GroupMember, ScimGroupsRepository } from '../../data/scim-groups.repository.js';
import type { ScimUserRow } from '../../data/scim-user.entity.js';
import { type Listed, ScimUsersRepository, type Slice } from '../../data/scim-users.repository.js';
import { scimErrors } from '../../scim.errors.js';
import type { Directory } from './directory.js';

export type GroupWithMembers = ScimGroupRow & { readonly members: readonly GroupMember[] };

/** Users and groups of one directory, with the database itself hiding every other's (A3). */
@Injectable()
export class ReadDirectory {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly users: ScimUsersRepository,
    private readonly groups: ScimGroupsRepository,
  ) {}

  /** Raises `scim/resource_not_found`. */
  async user({ organisationId }: Directory, id: ScimUserId): Promise<ScimUserRow> {
    const user = await this.unitOfWork.forOrganisation(organisationId, (tx) => this.users.find(tx, organisationId, id));
    if (user === null) throw scimErrors.resource_not_found();
    return user;
  }

  /** Raises `scim/invalid_filter`. */
  listUsers({ organisationId }: Directory, slice: Slice): Promise<Listed<ScimUserRow>> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.users.list(tx, organisationId, slice));
  }

  /** Raises `scim/resource_not_found`. */
  group({ organisationId }: Directory, id: ScimGroupId): Promise<GroupWithMembers> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const group = await this.groups.find(tx, organisationId, id);
      if (group === null) throw scimErrors.resource_not_found();
      return { ...group, members: await this.groups.members(tx, organisationId, id) };
    });
  }

  /** Without `withMembers` nobody's members are read: directories ask for that before they have thousands. Raises `scim/invalid_filter`. */
  listGroups({ organisationId }: Directory, slice: Slice, withMembers: boolean): Promise<Listed<GroupWithMembers>> {
    return this.unitOfWork.forOrganisation(organisationId, async (tx) => {
      const { total, rows } = await this.groups.list(tx, organisationId, slice);
      const shown: GroupWithMembers[] = [];
      for (const group of rows)
        shown.push({ ...group, members: withMembers ? await this.groups.members(tx, organisationId, group.id) : [] });
      return { total, rows: shown };
    });
  }

  /** Groups with their roles, in the order they came, for the organisation's own people. */
  page(organisationId: OrganisationId, after: ScimGroupId | undefined, limit: number): Promise<ScimGroupRow[]> {
    return this.unitOfWork.forOrganisation(organisationId, (tx) => this.groups.page(tx, organisationId, after, limit));
  }
}
