import { Injectable } from '@nestjs/common';
import { type StoreSweep, type Survivor, SweptStore } from '../../../../contracts/swept-store.js';
import { utcDay } from '../../../../kernel/clock.js';
import { endOfUtcDay } from '../content-expiry.js';
import { ContentBlobs, type ListedBlob } from './content-blobs.js';

/** An object is there before its row. Whoever keeps content gives up after a minute: what is older and has no row gets none. */
const GRACE_MS = 15 * 60_000;

/**
 * Removes objects that no row leads to (D2): because the row was purged, was never written, or is missing from a restored database. A row that a legal
 * hold keeps aside keeps its object (D5). Goes by what the store holds, because a restored database knows nothing of what was put there since, and looks
 * at all of it: a row that was filed anew under an earlier day leaves its object under the later one.
 */
@Injectable()
export class SweepBlobs extends SweptStore {
  override readonly store = 'blobs.content';
  override readonly dataClass = 'payload';

  constructor(private readonly blobs: ContentBlobs) {
    super();
  }

  override async sweep({ nowMs, signal, removing }: StoreSweep): Promise<void> {
    const before = new Date(nowMs - GRACE_MS);
    for await (const page of this.blobs.list(signal)) {
      const unused = await this.unused(page.filter(({ modifiedAt }) => modifiedAt < before));
      if (unused.length === 0) continue;
      const entries = unused.map(({ key, bytes }) => ({ entry: key, bytes }));
      await removing(entries, async () => {
        for (const blob of unused) await this.blobs.delete(blob, signal);
      });
    }
    await this.blobs.discardUnfinished(before, signal);
  }

  /** What a row still leads to after its day is that row's survivor, or held. */
  override async oldestSurvivor(nowMs: number): Promise<Survivor | null> {
    const today = utcDay(nowMs);
    for await (const page of this.blobs.list()) {
      const unused = new Set(await this.unused(page.filter(({ day }) => day < today)));
      const oldest = page.find((blob) => unused.has(blob) || blob.day >= today);
      if (oldest) return { writtenAt: oldest.modifiedAt, dueAt: endOfUtcDay(oldest.day) };
    }
    return null;
  }

  private async unused(blobs: readonly ListedBlob[]): Promise<ListedBlob[]> {
    if (blobs.length === 0) return [];
    const used = await this.blobs.inUse(blobs);
    return blobs.filter((blob) => !used.has(blob));
  }
}
