import { Injectable } from '@nestjs/common';
import { WINDOWED_CLASSES, type WindowedClass } from '../../../contracts/data-classes.js';
import type { OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import './policy.inventory.js';

/** Days an organisation asked for, by class; what it did not ask for is not in it. */
export type AskedDays = Readonly<Partial<Record<WindowedClass, number>>>;

export interface OrganisationPolicy {
  readonly id: OrganisationId;
  readonly plan: string;
  readonly askedDays: AskedDays;
  readonly version: number;
}

const COLUMNS = 'id, plan, asked_days AS "askedDays", version';

/** Rows of `organisation_policy`. An organisation without one is on the first plan and has asked for nothing. */
@Injectable()
export class OrganisationPoliciesRepository {
  async find(tx: Tx, id: OrganisationId): Promise<OrganisationPolicy | null> {
    const [row] = await tx.query<OrganisationPolicy[]>(`SELECT ${COLUMNS} FROM organisation_policy WHERE id = $1`, [id]);
    return row === undefined ? null : known(row);
  }

  async list(tx: Tx): Promise<OrganisationPolicy[]> {
    return (await tx.query<OrganisationPolicy[]>(`SELECT ${COLUMNS} FROM organisation_policy`)).map(known);
  }

  /**
   * The policy as it is once whoever was changing it has finished; nobody else changes it until the transaction ends. Null when the organisation does
   * not exist. The transaction is a system one.
   */
  async lock(tx: Tx, id: OrganisationId, firstPlan: string): Promise<OrganisationPolicy | null> {
    const [organisation] = await tx.query<unknown[]>('SELECT 1 FROM organisation WHERE id = $1 FOR NO KEY UPDATE', [id]);
    if (organisation === undefined) return null;
    return (await this.find(tx, id)) ?? { id, plan: firstPlan, askedDays: {}, version: 0 };
  }

  /** Writes a policy as its next version. */
  async put(tx: Tx, { id, plan, askedDays, version }: OrganisationPolicy, now: Date): Promise<void> {
    await tx.query(
      `INSERT INTO organisation_policy (id, plan, asked_days, version, updated_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT (id) DO UPDATE SET plan = excluded.plan, asked_days = excluded.asked_days, version = excluded.version, updated_at = excluded.updated_at`,
      [id, plan, JSON.stringify(askedDays), version + 1, now],
    );
  }
}

/** A class that an earlier version knew and this one does not is left out. */
function known(row: OrganisationPolicy): OrganisationPolicy {
  const entries = WINDOWED_CLASSES.flatMap((each) => {
    const days = row.askedDays[each];
    return days === undefined ? [] : [[each, days] as const];
  });
  return { ...row, askedDays: Object.fromEntries(entries) };
}
