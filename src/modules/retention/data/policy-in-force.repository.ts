import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { StatedProfile } from '../core/profile/loaded-profile.js';
import './policy.inventory.js';

export interface PolicyInForce {
  readonly name: string;
  readonly digest: string;
  readonly stated: StatedProfile;
  readonly since: Date;
}

/** The one row of `policy_in_force`; none before the first start. Needs a system transaction. */
@Injectable()
export class PolicyInForceRepository {
  async find(tx: Tx): Promise<PolicyInForce | null> {
    const [row] = await tx.query<PolicyInForce[]>('SELECT name, digest, stated, since FROM policy_in_force');
    return row ?? null;
  }

  /** Puts the first policy in force. False when another process was first. */
  async begin(tx: Tx, { name, digest, stated, since }: PolicyInForce): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO policy_in_force (name, digest, stated, since, filed_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING RETURNING 1`,
      [name, digest, JSON.stringify(stated), since],
    );
    return rows.length === 1;
  }

  /** Puts another one in the place of the one that had `replaced` as its digest. False when somebody else has done so meanwhile. */
  async replace(tx: Tx, { name, digest, stated, since }: PolicyInForce, replaced: string): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `WITH gone AS (
         UPDATE policy_in_force SET name = $1, digest = $2, stated = $3, since = $4, filed_at = NULL WHERE digest = $5 RETURNING 1
       ) SELECT 1 FROM gone`,
      [name, digest, JSON.stringify(stated), since, replaced],
    );
    return rows.length === 1;
  }
}
