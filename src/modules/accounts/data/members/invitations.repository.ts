import { Injectable } from '@nestjs/common';
import { LessThanOrEqual, MoreThan } from 'typeorm';
import type { InvitationId, OrganisationId } from '../../../../kernel/ids.js';
import { oldestFirst } from '../../../../platform/database/pages.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { type Invitation, InvitationEntity } from './invitation.entity.js';

/** How much may be invited: `burst` at once, and then as fast as the level falls. */
export interface Pace {
  readonly burst: number;
  readonly perDay: number;
}

@Injectable()
export class InvitationsRepository {
  /** False, and nothing written, when the organisation invites this address already. */
  async insert(tx: Tx, invitation: Invitation): Promise<boolean> {
    const inserted = await tx.createQueryBuilder().insert().into(InvitationEntity).values(invitation).orIgnore().returning('id').execute();
    return (inserted.raw as unknown[]).length === 1;
  }

  /** The row, locked until the transaction ends: of two who take an invitation up at once the second finds none. */
  lock(tx: Tx, organisationId: OrganisationId, id: InvitationId): Promise<Invitation | null> {
    return tx.findOne(InvitationEntity, { where: { organisationId, id }, lock: { mode: 'pessimistic_write' } });
  }

  /** The same by the hash of a link's token; across organisations in a system transaction only. */
  lockByToken(tx: Tx, tokenHash: Buffer): Promise<Invitation | null> {
    return tx.findOne(InvitationEntity, { where: { tokenHash }, lock: { mode: 'pessimistic_write' } });
  }

  find(tx: Tx, organisationId: OrganisationId, id: InvitationId): Promise<Invitation | null> {
    return tx.findOneBy(InvitationEntity, { organisationId, id });
  }

  /** In the order they were made, at most `limit`. */
  list(tx: Tx, organisationId: OrganisationId, after: InvitationId | undefined, limit: number): Promise<Invitation[]> {
    return tx.find(InvitationEntity, oldestFirst({ organisationId }, after, limit));
  }

  count(tx: Tx, organisationId: OrganisationId): Promise<number> {
    return tx.countBy(InvitationEntity, { organisationId });
  }

  /** Whether any organisation invites this address; across organisations in a system transaction only. */
  existsFor(tx: Tx, emailNormal: string, now: Date): Promise<boolean> {
    return tx.existsBy(InvitationEntity, { emailNormal, expiresAt: MoreThan(now) });
  }

  async renew(
    tx: Tx,
    { organisationId, id }: Pick<Invitation, 'organisationId' | 'id'>,
    change: Pick<Invitation, 'tokenHash' | 'invitedByKind' | 'invitedBy' | 'sentCount' | 'sentAt' | 'expiresAt'>,
  ): Promise<void> {
    await tx.update(InvitationEntity, { organisationId, id }, change);
  }

  /** Whether there was one. */
  async delete(tx: Tx, organisationId: OrganisationId, id: InvitationId): Promise<boolean> {
    return (await tx.delete(InvitationEntity, { organisationId, id })).affected === 1;
  }

  /** Answers how many had expired. */
  async deleteExpired(tx: Tx, now: Date, organisationId?: OrganisationId): Promise<number> {
    const where = { expiresAt: LessThanOrEqual(now), ...(organisationId === undefined ? {} : { organisationId }) };
    return (await tx.delete(InvitationEntity, where)).affected ?? 0;
  }

  /** Counts one mail; false, and nothing counted, when there have been too many lately. */
  async allowMail(tx: Tx, organisationId: OrganisationId, pace: Pace, now: Date): Promise<boolean> {
    const rows = await tx.query<unknown[]>(
      `INSERT INTO invitation_pace AS pace (organisation_id, level, changed_at) VALUES ($1, 1, $2)
       ON CONFLICT (organisation_id) DO UPDATE
         SET level = greatest(0, pace.level - extract(epoch FROM $2 - pace.changed_at) * $3) + 1, changed_at = $2
         WHERE greatest(0, pace.level - extract(epoch FROM $2 - pace.changed_at) * $3) + 1 <= $4
       RETURNING level`,
      [organisationId, now, pace.perDay / 86_400, pace.burst],
    );
    return rows.length === 1;
  }
}
