import { Injectable } from '@nestjs/common';
import { LessThan } from 'typeorm';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import { SuppressedAddressEntity, type SuppressionReason, type SuppressionRow } from './suppressed-address.entity.js';

/** The transaction must be a system one. */
@Injectable()
export class SuppressedAddressesRepository {
  async reasonFor(tx: Tx, addressHash: Buffer): Promise<SuppressionReason | null> {
    return (await tx.findOneBy(SuppressedAddressEntity, { addressHash }))?.reason ?? null;
  }

  /** The newest reason stands. */
  async put(tx: Tx, row: SuppressionRow): Promise<void> {
    await tx.upsert(SuppressedAddressEntity, row, ['addressHash']);
  }

  async removeOlder(tx: Tx, before: Date): Promise<number> {
    return (await tx.delete(SuppressedAddressEntity, { since: LessThan(before) })).affected ?? 0;
  }
}
