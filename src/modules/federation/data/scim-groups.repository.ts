import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { OrganisationId, ScimGroupId, ScimUserId } from '../../../kernel/ids.js';
import { oldestFirst } from '../../../platform/database/pages.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { filterSql, type SearchColumns } from '../core/scim/filter-sql.js';
import { scimErrors } from '../scim.errors.js';
import { ScimGroup, type ScimGroupRow } from './scim-group.entity.js';
import type { Listed, Slice } from './scim-users.repository.js';

/** Somebody in a group, as the group shows them. */
export interface GroupMember {
  readonly userId: ScimUserId;
  readonly userName: string;
}

const COLUMNS: SearchColumns = {
  id: { kind: 'id', column: 'id' },
  displayname: { kind: 'text', column: 'display_name', caseExact: false },
  externalid: { kind: 'text', column: 'external_id', caseExact: true },
  members: { kind: 'member', exists: 'EXISTS (SELECT FROM scim_group_member WHERE group_id = scim_group.id AND user_id = $value)' },
  'members.value': { kind: 'member', exists: 'EXISTS (SELECT FROM scim_group_member WHERE group_id = scim_group.id AND user_id = $value)' },
};

/** Rows of `scim_group` and `scim_group_member`. Besides row-level security every read names the organisation (A3). */
@Injectable()
export class ScimGroupsRepository {
  /** Raises `scim/uniqueness`; the transaction is then of no more use. */
  async insert(tx: Tx, group: ScimGroupRow): Promise<void> {
    await tx.insert(ScimGroup, group).catch(taken);
  }

  /** Raises `scim/uniqueness`; the transaction is then of no more use. */
  async update(tx: Tx, { id, organisationId, displayName, externalId, role, updatedAt }: ScimGroupRow): Promise<void> {
    await tx.update(ScimGroup, { id, organisationId }, { displayName, externalId, role, updatedAt }).catch(taken);
  }

  find(tx: Tx, organisationId: OrganisationId, id: ScimGroupId): Promise<ScimGroupRow | null> {
    return tx.findOneBy(ScimGroup, { organisationId, id });
  }

  async delete(tx: Tx, organisationId: OrganisationId, id: ScimGroupId): Promise<void> {
    await tx.delete(ScimGroup, { organisationId, id });
  }

  /** In the order they came, for people. */
  page(tx: Tx, organisationId: OrganisationId, after: ScimGroupId | undefined, limit: number): Promise<ScimGroupRow[]> {
    return tx.find(ScimGroup, oldestFirst({ organisationId }, after, limit));
  }

  /** In the order they came, for directories. Raises `scim/invalid_filter`. */
  async list(tx: Tx, organisationId: OrganisationId, { filter, offset, limit }: Slice): Promise<Listed<ScimGroupRow>> {
    const condition = filter === null ? { sql: 'true', parameters: [] } : filterSql(filter, COLUMNS, 2);
    const where = `organisation_id = $1 AND ${condition.sql}`;
    const values = [organisationId, ...condition.parameters];
    const [counted] = await tx.query<{ total: string }[]>(`SELECT count(*) AS total FROM scim_group WHERE ${where}`, values);
    const ids = await tx.query<{ id: ScimGroupId }[]>(
      `SELECT id FROM scim_group WHERE ${where} ORDER BY id OFFSET $${values.length + 1} LIMIT $${values.length + 2}`,
      [...values, offset, limit],
    );
    const rows = await tx.find(ScimGroup, { where: { organisationId, id: In(ids.map(({ id }) => id)) }, order: { id: 'ASC' } });
    return { total: Number(counted?.total ?? 0), rows };
  }

  /** In the order of the users' ids. */
  members(tx: Tx, organisationId: OrganisationId, id: ScimGroupId): Promise<GroupMember[]> {
    return tx.query(
      `SELECT user_id AS "userId", user_name AS "userName" FROM scim_group_member JOIN scim_user ON scim_user.id = user_id
       WHERE scim_group_member.organisation_id = $1 AND group_id = $2 ORDER BY user_id`,
      [organisationId, id],
    );
  }

  /** Makes exactly these the members. */
  async replaceMembers(tx: Tx, organisationId: OrganisationId, id: ScimGroupId, userIds: readonly ScimUserId[]): Promise<void> {
    await tx.query('DELETE FROM scim_group_member WHERE organisation_id = $1 AND group_id = $2 AND user_id <> ALL($3::uuid[])', [
      organisationId,
      id,
      userIds,
    ]);
    await tx.query(
      `INSERT INTO scim_group_member (organisation_id, group_id, user_id)
       SELECT $1, $2, user_id FROM unnest($3::uuid[]) AS given (user_id) ON CONFLICT DO NOTHING`,
      [organisationId, id, userIds],
    );
  }
}

function taken(error: unknown): never {
  if (violatedConstraint(error)?.startsWith('scim_group') === true) throw scimErrors.uniqueness({ cause: error });
  throw error;
}
