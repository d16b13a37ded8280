import { Injectable } from '@nestjs/common';
import { IsNull, LessThan, MoreThan, Not } from 'typeorm';
import type { AccountId } from '../../../../kernel/ids.js';
import { oldestFirst } from '../../../../platform/database/pages.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { TotpFactorEntity, type TotpFactorId } from './totp-factor.entity.js';

/** A factor as it is read: the last step stays in the database, where it is compared. */
export type TotpFactorRow = Omit<TotpFactorEntity, 'lastStep'>;

/** Authenticator apps, at most one per account. Only the system role reaches them (A3). */
@Injectable()
export class TotpFactorsRepository {
  find(tx: Tx, accountId: AccountId): Promise<TotpFactorRow | null> {
    return tx.findOneBy(TotpFactorEntity, { accountId });
  }

  /** Puts an enrolment to be confirmed in place of one that never was. False when there is a confirmed factor. */
  async begin(tx: Tx, factor: TotpFactorEntity): Promise<boolean> {
    await tx.delete(TotpFactorEntity, { accountId: factor.accountId, confirmedAt: IsNull() });
    const { raw } = await tx.createQueryBuilder().insert().into(TotpFactorEntity).values(factor).orIgnore().returning('id').execute();
    return (raw as readonly unknown[]).length === 1;
  }

  /** Makes an enrolment begun after `since` count, the step of its first code used up. False when it was confirmed, replaced or too old. */
  async confirm(tx: Tx, id: TotpFactorId, used: { readonly step: number; readonly at: Date; readonly since: Date }): Promise<boolean> {
    const { affected } = await tx.update(
      TotpFactorEntity,
      { id, confirmedAt: IsNull(), createdAt: MoreThan(used.since) },
      { confirmedAt: used.at, lastUsedAt: used.at, lastStep: used.step },
    );
    return affected === 1;
  }

  /** Uses a step up: true for exactly one of all who try it at once, on however many replicas, and for no step before one that was used. */
  async useStep(tx: Tx, id: TotpFactorId, step: number, at: Date): Promise<boolean> {
    const { affected } = await tx.update(
      TotpFactorEntity,
      { id, confirmedAt: Not(IsNull()), lastStep: LessThan(step) },
      { lastStep: step, lastUsedAt: at },
    );
    return affected === 1;
  }

  /** False when there was none, confirmed or not. */
  async remove(tx: Tx, accountId: AccountId): Promise<boolean> {
    const { affected } = await tx.delete(TotpFactorEntity, { accountId });
    return affected === 1;
  }

  /** Factors whose data key is not wrapped under `kmsKeyId`, in the order of their ids. */
  wrappedOtherwise(
    tx: Tx,
    kmsKeyId: string,
    page: { readonly after?: TotpFactorId | undefined; readonly limit: number },
  ): Promise<TotpFactorRow[]> {
    return tx.find(TotpFactorEntity, oldestFirst({ kmsKeyId: Not(kmsKeyId) }, page.after, page.limit));
  }

  /** Writes the wrapped key and nothing else. False when the factor is gone or another run was first. */
  async replaceWrappedKey(tx: Tx, before: TotpFactorRow, wrapped: Pick<TotpFactorRow, 'kmsKeyId' | 'wrappedKey'>): Promise<boolean> {
    const { affected } = await tx.update(TotpFactorEntity, { id: before.id, kmsKeyId: before.kmsKeyId }, wrapped);
    return affected === 1;
  }
}
