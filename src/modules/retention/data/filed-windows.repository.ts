import { Injectable } from '@nestjs/common';
import type { WindowedClass } from '../../../contracts/data-classes.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import './retention.inventory.js';

/** Stands for what belongs to no organisation. */
export const NOBODY = '00000000-0000-0000-0000-000000000000' as OrganisationId;

export type FiledDays = Readonly<Partial<Record<WindowedClass, number>>>;

/** The windows that what is stored of an organisation is filed by. */
export interface FiledWindow {
  readonly organisationId: OrganisationId;
  /** Null: nobody has looked yet. */
  readonly days: FiledDays | null;
  readonly recheckAt: Date | null;
  /** Of its policy, as it was when this was read. */
  readonly version: number;
}

/** Which organisations there are, and by which windows their rows are filed. Needs a system transaction. */
@Injectable()
export class FiledWindowsRepository {
  /** Every organisation, and then {@link NOBODY}. */
  list(tx: Tx): Promise<FiledWindow[]> {
    return tx.query(
      `SELECT whose.id AS "organisationId", f.days, f.recheck_at AS "recheckAt", coalesce(p.version, 0) AS version
       FROM (SELECT id FROM organisation UNION ALL SELECT $1::uuid) whose
       LEFT JOIN filed_window f ON f.organisation_id = whose.id LEFT JOIN organisation_policy p ON p.id = whose.id ORDER BY whose.id DESC`,
      [NOBODY],
    );
  }

  async put(tx: Tx, organisationId: OrganisationId, days: FiledDays, recheckAt: Date | null): Promise<void> {
    await tx.query(
      `INSERT INTO filed_window (organisation_id, days, recheck_at) VALUES ($1, $2, $3)
       ON CONFLICT (organisation_id) DO UPDATE SET days = excluded.days, recheck_at = excluded.recheck_at`,
      [organisationId, JSON.stringify(days), recheckAt],
    );
  }

  /** Says by which windows all that is stored of an organisation is filed, unless that is known already. */
  async putFirst(tx: Tx, organisationId: OrganisationId, days: FiledDays): Promise<void> {
    await tx.query('INSERT INTO filed_window (organisation_id, days) VALUES ($1, $2) ON CONFLICT (organisation_id) DO NOTHING', [
      organisationId,
      JSON.stringify(days),
    ]);
  }

  /**
   * Says that what is stored of an organisation may be filed by these windows too, which are about to change: of each class the longest is known until
   * it has been filed anew.
   */
  async addDays(tx: Tx, organisationId: OrganisationId, days: FiledDays): Promise<void> {
    await tx.query(
      `INSERT INTO filed_window AS known (organisation_id, days) VALUES ($1, $2)
       ON CONFLICT (organisation_id) DO UPDATE SET days = (
         SELECT jsonb_object_agg(class, greatest((known.days ->> class)::integer, (excluded.days ->> class)::integer))
         FROM jsonb_object_keys(known.days) class)`,
      [organisationId, JSON.stringify(days)],
    );
  }

  /** What is stored of the organisation is filed as this version of its policy says. */
  async markFiled(tx: Tx, organisationId: OrganisationId, version: number): Promise<void> {
    await tx.query('UPDATE organisation_policy SET filed_version = $2 WHERE id = $1 AND filed_version < $2', [organisationId, version]);
  }

  /** Everything stored is filed as the profile with this digest says. */
  async markProfileFiled(tx: Tx, digest: string, at: Date): Promise<void> {
    await tx.query('UPDATE policy_in_force SET filed_at = $2 WHERE digest = $1 AND filed_at IS NULL', [digest, at]);
  }

  /** Whether a profile has come into force by which not everything is filed yet. */
  async isProfileToBeFiled(tx: Tx): Promise<boolean> {
    const rows = await tx.query<unknown[]>('SELECT FROM policy_in_force WHERE filed_at IS NULL');
    return rows.length > 0;
  }

  async forgetRemoved(tx: Tx): Promise<void> {
    await tx.query(
      'DELETE FROM filed_window f WHERE organisation_id <> $1 AND NOT EXISTS (SELECT FROM organisation o WHERE o.id = f.organisation_id)',
      [NOBODY],
    );
  }
}
