import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { IdleCollector } from './idle-collector.js';

const MB = 1024 * 1024;
const LULL = [0, 0.01, 0.04, 0];

/** A process whose utilisation at each look is given, and whose heap holds 80 MB alive. */
function processThat(utilisations: readonly number[], grownMb: (look: number) => number) {
  let [look, freed, collections] = [0, 0, 0];
  const garbage = () => grownMb(look) - freed;
  const collector = new IdleCollector({
    utilisation: () => utilisations[look] ?? 0,
    oldBytes: () => (80 + garbage()) * MB,
    collect: () => {
      collections += 1;
      freed += garbage();
    },
  });
  for (; look < utilisations.length; look += 1) collector.look();
  return collections;
}

describe('collecting in a lull', () => {
  const rush = [0.6, 0.9, 0.4];
  const minute = Array.from({ length: 240 }, () => 0.01);

  it('happens once after a rush that fills the room, not before it is over and not again', () => {
    expect(processThat([...LULL, ...rush], (look) => (look > 3 ? 40 : 0))).toBe(0);
    expect(processThat([...LULL, ...rush, ...LULL], (look) => (look > 3 ? 40 : 0))).toBe(1);
    expect(processThat([...LULL, ...rush, ...LULL, ...LULL, ...LULL], (look) => (look > 3 ? 40 : 0))).toBe(1);
    expect(processThat([...LULL, ...rush, ...LULL, ...minute], (look) => (look > 3 ? 40 : 0))).toBe(1);
  });

  it('waits while another rush like the last has room', () => {
    const rushes = (count: number) => [...LULL, ...Array.from({ length: count }, () => [...rush, ...LULL]).flat()];
    const grown = (look: number) => (look < 4 ? 0 : 9 * (1 + Math.floor((look - 4) / 7)));
    expect([1, 2, 3, 4, 5, 6].map((count) => processThat(rushes(count), grown))).toEqual([0, 0, 1, 1, 1, 2]);
  });

  it('knows how large a rush was although V8 has collected in the middle of it', () => {
    const grown = (look: number) => [0, 0, 0, 0, 20, 2, 15][Math.min(look, 6)] as number;
    expect(processThat([...LULL, ...rush, ...LULL], grown)).toBe(1);
    expect(processThat([...LULL, ...rush, ...LULL], (look) => (look < 4 ? 0 : 15))).toBe(0);
  });

  it('does not wait for longer than a minute of nothing', () => {
    const grown = (look: number) => (look > 3 ? 12 : 0);
    expect(processThat([...LULL, ...rush, ...minute.slice(4)], grown)).toBe(0);
    expect(processThat([...LULL, ...rush, ...minute, ...minute], grown)).toBe(1);
  });

  it('leaves a process alone that is at work every second, or has gathered little', () => {
    const seldom = [0, 0, 0, 0.2];
    expect(processThat([...LULL, ...seldom, ...seldom, ...seldom], (look) => look * 10)).toBe(0);
    expect(processThat([...LULL, ...minute, ...minute], (look) => Math.min(7, look / 2))).toBe(0);
  });

  it('counts from what V8 itself has left', () => {
    const afterV8 = (look: number) => (look < 4 ? 60 : look < 8 ? 0 : 20);
    expect(processThat([...LULL, ...LULL, ...rush, ...LULL], afterV8)).toBe(1);
    expect(processThat([...LULL, ...LULL, ...rush, ...LULL], (look) => (look < 4 ? 60 : 50))).toBe(0);
  });

  it('frees what a rush left in a real process, and lets it end', () => {
    const module = fileURLToPath(new URL('../../../dist/platform/process/idle-collector.js', import.meta.url));
    const script = `
      import { getHeapStatistics } from 'node:v8';
      const { IdleCollector } = await import(${JSON.stringify(module)});
      IdleCollector.start();
      await new Promise((resolve) => setTimeout(resolve, 1600));
      let kept = Array.from({ length: 1_000_000 }, (_, n) => ({ n, text: 'x' + n }));
      globalThis.gc({ type: 'minor' }); globalThis.gc({ type: 'minor' });
      const full = getHeapStatistics().used_heap_size;
      kept = null;
      await new Promise((resolve) => setTimeout(resolve, 2200));
      console.log(full - getHeapStatistics().used_heap_size > 16 * 1024 * 1024);
    `;
    const args = ['--expose-gc', '--input-type=module', '--eval', script];
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
    expect({ stdout, stderr }).toEqual({ stdout: 'true\n', stderr: '' });
  }, 30_000);
});
