import { Injectable } from '@nestjs/common';
import { newId, type OrganisationId, type ScimGroupId, type ScimUserId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { GroupRole, ScimGroupRow } from '../../data/scim-group.entity.js';
import { ScimGroupsRepository } from '../../data/scim-groups.repository.js';
import { ScimUsersRepository } from '../../data/scim-users.repository.js';
import { scimErrors } from '../../scim.errors.js';
import { DirectoryBook, type DirectoryEvent } from './directory-book.js';
import { type Directory, directoryActor } from './directory.js';
import type { GroupDraft } from './group-draft.js';
import { UserReach } from './user-reach.js';

/** Makes, changes and removes groups of a directory; whoever joins or leaves one has the role that follows from it in the same transaction. */
@Injectable()
export class ChangeGroup {
  constructor(
    private readonly book: DirectoryBook,
    private readonly groups: ScimGroupsRepository,
    private readonly users: ScimUsersRepository,
    private readonly reach: UserReach,
  ) {}

  /** Raises `scim/uniqueness` and `scim/invalid_value`. */
  create(directory: Directory, draft: GroupDraft): Promise<ScimGroupRow> {
    const { organisationId } = directory;
    return this.book.change(organisationId, async (tx) => {
      const now = this.book.now();
      const { displayName, externalId } = draft;
      const group = { id: newId<ScimGroupId>(), organisationId, displayName, externalId, role: null, createdAt: now, updatedAt: now };
      await this.groups.insert(tx, group);
      await this.groups.replaceMembers(tx, organisationId, group.id, await this.memberIds(tx, organisationId, draft));
      await this.record(tx, group, directoryActor(directory), { action: 'scim_group.created', detail: { members: draft.members.size } });
      return group;
    });
  }

  /**
   * `change` makes the new group of the old one and may raise. A change to what already is writes nothing. Raises `scim/resource_not_found`,
   * `scim/uniqueness` and `scim/invalid_value`.
   */
  run(directory: Directory, id: ScimGroupId, change: (group: GroupDraft) => GroupDraft): Promise<ScimGroupRow> {
    const actor = directoryActor(directory);
    return this.book.change(directory.organisationId, async (tx) => {
      const { group, members } = await this.require(tx, directory.organisationId, id);
      const draft = change({ displayName: group.displayName, externalId: group.externalId, members: new Set(members) });
      const moved = difference(members, draft.members);
      const isRenamed = draft.displayName !== group.displayName || draft.externalId !== group.externalId;
      if (moved.length === 0 && !isRenamed) return group;
      const after = { ...group, displayName: draft.displayName, externalId: draft.externalId, updatedAt: this.book.now() };
      await this.groups.update(tx, after);
      await this.groups.replaceMembers(tx, group.organisationId, id, await this.memberIds(tx, group.organisationId, draft));
      if (group.role !== null) await this.settle(tx, group.organisationId, moved, actor);
      await this.record(tx, after, actor, {
        action: 'scim_group.updated',
        detail: { members: draft.members.size, moved: moved.length, isRenamed },
      });
      return after;
    });
  }

  /** Raises `scim/resource_not_found`. */
  remove(directory: Directory, id: ScimGroupId): Promise<void> {
    const actor = directoryActor(directory);
    return this.book.change(directory.organisationId, async (tx) => {
      const { group, members } = await this.require(tx, directory.organisationId, id);
      await this.groups.delete(tx, directory.organisationId, id);
      if (group.role !== null) await this.settle(tx, group.organisationId, members, actor);
      await this.record(tx, group, actor, { action: 'scim_group.deleted', detail: { members: members.length } });
    });
  }

  /** Says what the members of a group are here; null: nothing. For the organisation, not its directory. Raises `scim/resource_not_found`. */
  mapRole(organisationId: OrganisationId, id: ScimGroupId, role: GroupRole | null, actor: AuditActor): Promise<ScimGroupRow> {
    return this.book.change(organisationId, async (tx) => {
      const { group, members } = await this.require(tx, organisationId, id);
      if (group.role === role) return group;
      const after = { ...group, role, updatedAt: this.book.now() };
      await this.groups.update(tx, after);
      await this.settle(tx, organisationId, members, actor);
      await this.record(tx, after, actor, { action: 'scim_group.role_mapped', detail: { from: group.role, to: role } });
      return after;
    });
  }

  private async require(
    tx: Tx,
    organisationId: OrganisationId,
    id: ScimGroupId,
  ): Promise<{ readonly group: ScimGroupRow; readonly members: readonly ScimUserId[] }> {
    const group = await this.groups.find(tx, organisationId, id);
    if (group === null) throw scimErrors.resource_not_found();
    const members = await this.groups.members(tx, organisationId, id);
    return { group, members: members.map(({ userId }) => userId) };
  }

  /** Members are users of the same directory: an id of another's is as unknown as one of nobody's. */
  private async memberIds(tx: Tx, organisationId: OrganisationId, { members }: GroupDraft): Promise<ScimUserId[]> {
    const known = await this.users.existing(tx, organisationId, [...members]);
    if (known.length !== members.size) throw scimErrors.invalid_value({ message: 'members: one of them is no user of this directory.' });
    return known;
  }

  private async settle(tx: Tx, organisationId: OrganisationId, userIds: readonly ScimUserId[], actor: AuditActor): Promise<void> {
    for (const id of userIds) {
      const user = await this.users.find(tx, organisationId, id);
      if (user?.active === true) await this.reach.settle(tx, user, actor);
    }
  }

  private async record(
    tx: Tx,
    { id, organisationId }: ScimGroupRow,
    actor: AuditActor,
    what: Pick<DirectoryEvent, 'action' | 'detail'>,
  ): Promise<void> {
    await this.book.record(tx, organisationId, actor, { ...what, target: { type: 'scim_group', id } });
  }
}

/** Who is in one and not in the other. */
function difference(before: readonly ScimUserId[], after: ReadonlySet<string>): ScimUserId[] {
  const known: ReadonlySet<string> = new Set(before);
  const left = before.filter((id) => !after.has(id));
  const joined = [...after].filter((id) => !known.has(id)) as ScimUserId[];
  return [...left, ...joined];
}
