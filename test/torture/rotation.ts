// `kill -9` of whoever follows a rotation of the root key, at one statement after the other, over several rotations.
import { RotatedKeys } from '../harness/key-rotation.ts';

export interface RotationOptions {
  readonly databaseUrl: string;
  readonly kills: number;
  /** Rows of each table that may have many. */
  readonly households: number;
  readonly say?: (line: string) => void;
}

/** The statements a process is killed at, counted from its first: enough to reach the middle of a row in every table. */
const LAST_STOP = 60;

/**
 * Each process takes up what the one before it left and is killed at another statement; once one comes to its end, everything has to be under the
 * new root key, the old one is taken away, and the next rotation begins.
 */
export async function killWhileRotating({ databaseUrl, kills, households, say = () => undefined }: RotationOptions): Promise<object> {
  const keys = await RotatedKeys.start(databaseUrl, households);
  try {
    const figures = { kills: 0, rotations: 0 };
    while (figures.kills < kills) {
      const current = await keys.rotate();
      figures.rotations += 1;
      for (let isKilled = true; isKilled && figures.kills < kills; ) {
        const stopsAt = 1 + ((figures.kills * 7) % LAST_STOP);
        isKilled = await keys.killedAt({ stopsAt, moment: figures.kills % 2 === 0 ? 'before' : 'within' });
        await keys.assertWhole();
        if (isKilled) figures.kills += 1;
        if (isKilled && figures.kills % 10 === 0) say(`kill ${figures.kills} of ${kills}`);
      }
      await keys.killedAt({ stopsAt: 0, moment: 'before' });
      await keys.assertAllUnder(current);
      keys.retireOldRootKeys();
      await keys.assertWhole();
    }
    await keys.assertNothingReadable();
    return figures;
  } finally {
    await keys.stop();
  }
}
