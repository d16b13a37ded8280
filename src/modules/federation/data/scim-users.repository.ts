import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import type { AccountId, OrganisationId, ScimUserId } from '../../../kernel/ids.js';
import { violatedConstraint } from '../../../platform/database/sql-states.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { filterSql, type SearchColumns } from '../core/scim/filter-sql.js';
import type { Filter } from '../core/scim/filter.js';
import { scimErrors } from '../scim.errors.js';
import type { GroupRole } from './scim-group.entity.js';
import { ScimUser, type ScimUserRow } from './scim-user.entity.js';

/** Which of a list is wanted: from a place in it, and how many. */
export interface Slice {
  readonly filter: Filter | null;
  /** From 0. */
  readonly offset: number;
  readonly limit: number;
}

/** Part of a list, and how long all of it is. */
export interface Listed<T> {
  readonly total: number;
  readonly rows: readonly T[];
}

const COLUMNS: SearchColumns = {
  id: { kind: 'id', column: 'id' },
  username: { kind: 'text', column: 'user_name', caseExact: false },
  externalid: { kind: 'text', column: 'external_id', caseExact: true },
  active: { kind: 'boolean', column: 'active' },
  emails: { kind: 'text', column: 'email', caseExact: false },
  'emails.value': { kind: 'text', column: 'email', caseExact: false },
  'emails.type': { kind: 'constant', value: 'work' },
  'emails.primary': { kind: 'constant', value: true },
  'name.formatted': { kind: 'text', column: 'formatted_name', caseExact: false },
  'name.givenname': { kind: 'text', column: 'given_name', caseExact: false },
  'name.familyname': { kind: 'text', column: 'family_name', caseExact: false },
};

/** Accounts an organisation's directory has made, by its own word blocked or not. */
export interface MadeAccount {
  readonly organisationId: OrganisationId;
  readonly blockedAt: Date | null;
}

/** Rows of `scim_user` and `scim_account`. Besides row-level security every read names the organisation (A3). */
@Injectable()
export class ScimUsersRepository {
  /** Lets changes by one organisation's directory follow one another until the transaction ends: what two do at once is done as if one after the other. */
  async lockDirectory(tx: Tx, organisationId: OrganisationId): Promise<void> {
    await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('scim:' || $1, 0))`, [organisationId]);
  }

  /** Raises `scim/uniqueness`; the transaction is then of no more use. */
  async insert(tx: Tx, user: ScimUserRow): Promise<void> {
    await tx.insert(ScimUser, user).catch(taken);
  }

  /** Raises `scim/uniqueness`; the transaction is then of no more use. */
  async update(tx: Tx, { id, organisationId, ...change }: Omit<ScimUserRow, 'accountId' | 'createdAt'>): Promise<void> {
    await tx.update(ScimUser, { id, organisationId }, change).catch(taken);
  }

  find(tx: Tx, organisationId: OrganisationId, id: ScimUserId): Promise<ScimUserRow | null> {
    return tx.findOneBy(ScimUser, { organisationId, id });
  }

  findByAccount(tx: Tx, organisationId: OrganisationId, accountId: AccountId): Promise<ScimUserRow | null> {
    return tx.findOneBy(ScimUser, { organisationId, accountId });
  }

  async delete(tx: Tx, organisationId: OrganisationId, id: ScimUserId): Promise<void> {
    await tx.delete(ScimUser, { organisationId, id });
  }

  /** In the order they came. Raises `scim/invalid_filter`. */
  async list(tx: Tx, organisationId: OrganisationId, { filter, offset, limit }: Slice): Promise<Listed<ScimUserRow>> {
    const condition = filter === null ? { sql: 'true', parameters: [] } : filterSql(filter, COLUMNS, 2);
    const where = `organisation_id = $1 AND ${condition.sql}`;
    const values = [organisationId, ...condition.parameters];
    const [counted] = await tx.query<{ total: string }[]>(`SELECT count(*) AS total FROM scim_user WHERE ${where}`, values);
    const ids = await tx.query<{ id: ScimUserId }[]>(
      `SELECT id FROM scim_user WHERE ${where} ORDER BY id OFFSET $${values.length + 1} LIMIT $${values.length + 2}`,
      [...values, offset, limit],
    );
    const rows = await tx.find(ScimUser, { where: { organisationId, id: In(ids.map(({ id }) => id)) }, order: { id: 'ASC' } });
    return { total: Number(counted?.total ?? 0), rows };
  }

  /** Those of `ids` that are users of this organisation. */
  async existing(tx: Tx, organisationId: OrganisationId, ids: readonly string[]): Promise<ScimUserId[]> {
    const rows = await tx.query<{ id: ScimUserId }[]>('SELECT id FROM scim_user WHERE organisation_id = $1 AND id = ANY($2::uuid[])', [
      organisationId,
      ids,
    ]);
    return rows.map(({ id }) => id);
  }

  /** The roles that the groups of a user say it has. */
  async groupRoles(tx: Tx, organisationId: OrganisationId, id: ScimUserId): Promise<GroupRole[]> {
    const rows = await tx.query<{ role: GroupRole }[]>(
      `SELECT DISTINCT role FROM scim_group JOIN scim_group_member ON group_id = scim_group.id
       WHERE scim_group.organisation_id = $1 AND user_id = $2 AND role IS NOT NULL`,
      [organisationId, id],
    );
    return rows.map(({ role }) => role);
  }

  /** Whose directory made an account, if one did. The transaction must be a system one. */
  async findMade(tx: Tx, accountId: AccountId): Promise<MadeAccount | null> {
    const [row] = await tx.query<MadeAccount[]>(
      'SELECT organisation_id AS "organisationId", blocked_at AS "blockedAt" FROM scim_account WHERE account_id = $1',
      [accountId],
    );
    return row ?? null;
  }

  async insertMade(tx: Tx, organisationId: OrganisationId, accountId: AccountId): Promise<void> {
    await tx.query('INSERT INTO scim_account (organisation_id, account_id) VALUES ($1, $2)', [organisationId, accountId]);
  }

  async markBlocked(tx: Tx, organisationId: OrganisationId, accountId: AccountId, blockedAt: Date | null): Promise<void> {
    await tx.query('UPDATE scim_account SET blocked_at = $3 WHERE organisation_id = $1 AND account_id = $2', [
      organisationId,
      accountId,
      blockedAt,
    ]);
  }
}

function taken(error: unknown): never {
  if (violatedConstraint(error)?.startsWith('scim_user') === true) throw scimErrors.uniqueness({ cause: error });
  throw error;
}
