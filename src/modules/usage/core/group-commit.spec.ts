import { beforeEach, describe, expect, it } from 'vitest';
import { GroupCommit } from './group-commit.js';

interface Write {
  readonly batch: readonly number[];
  readonly landed: () => void;
  end(): Promise<void>;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('the group commit', () => {
  let writes: Write[];
  let group: GroupCommit<number>;

  beforeEach(() => {
    writes = [];
    group = new GroupCommit<number>(
      (batch, landed) =>
        new Promise((resolve) => {
          const end = async () => {
            resolve();
            await turn();
          };
          writes.push({ batch, landed, end });
        }),
      () => 2,
    );
  });

  const add = async (entries: number) => {
    for (let entry = 0; entry < entries; entry += 1) group.add(entry);
    await turn();
  };
  const sizes = () => writes.map(({ batch }) => batch.length);

  it('takes what arrived in one turn together', async () => {
    await add(3);
    expect(sizes()).toEqual([3]);
  });

  it('lets what comes meanwhile wait for the write under way, and share the next', async () => {
    await add(1);
    await add(5);
    await add(6);
    expect(sizes()).toEqual([1]);
    await writes[0]?.end();
    expect(sizes()).toEqual([1, 11]);
  });

  it('starts a second write beside the first as soon as a batch is full, and no third', async () => {
    await add(1);
    await add(32);
    await add(64);
    expect(sizes()).toEqual([1, 32]);
    await writes[1]?.end();
    expect(sizes()).toEqual([1, 32, 64]);
  });

  it('sends the next batch at the moment a write has landed, before that write is done with its entries', async () => {
    await add(1);
    await add(4);
    writes[0]?.landed();
    expect(sizes()).toEqual([1, 4]);
    await writes[0]?.end();
    expect(group.isIdle).toBe(false);
    await writes[1]?.end();
    expect(group.isIdle).toBe(true);
  });

  it('runs exclusive work when no write is under way, and starts none before it is done', async () => {
    await add(1);
    let finish = () => undefined as void;
    const begun: string[] = [];
    const exclusive = group.exclusively(async () => {
      begun.push('work');
      await new Promise<void>((resolve) => (finish = resolve));
    });
    await add(2);
    expect(begun).toEqual([]);
    await writes[0]?.end();
    expect([begun, sizes()]).toEqual([['work'], [1]]);
    finish();
    await exclusive;
    await turn();
    expect(sizes()).toEqual([1, 2]);
  });

  it('splits what is more than one batch may hold', async () => {
    await add(600);
    expect(sizes()).toEqual([512, 88]);
  });
});
