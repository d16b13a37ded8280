import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Settings } from '../platform/config/settings.js';
import { openStandIn, StandIn } from './stand-in.js';

let standIn: StandIn | null = null;

afterEach(async () => {
  await standIn?.close();
  standIn = null;
});

describe('the stand-in beside a development Lethe', () => {
  it('answers at the address the settings then name, and is gone when it was closed', async () => {
    const settings = new Settings();
    standIn = await openStandIn(settings);
    expect(settings.standInUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/v1$/);
    const models = `${settings.standInUrl}/models`;
    expect((await fetch(models, { headers: { authorization: 'Bearer any-key-will-do' } })).status).toBe(200);
    await standIn?.close();
    await standIn?.close();
    await expect(fetch(models)).rejects.toThrow();
  });

  it('does not run in production, nor beside one the operator named, nor where nothing is called', async () => {
    for (const given of [{ environment: 'production' }, { standInUrl: 'http://127.0.0.1:9/v1' }, { roles: ['api', 'worker'] }]) {
      expect(await openStandIn(Object.assign(new Settings(), given))).toBeNull();
    }
  });

  it.runIf(process.platform === 'linux')(
    'is in a session of its own, so that Ctrl-C leaves it to the calls in flight, and inherits no secret',
    async () => {
      standIn = await StandIn.start();
      const { pid } = (standIn as unknown as { child: { pid: number } }).child;
      // proc(5): the process group is field 5, the session field 6.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      expect([fields[2], fields[3]]).toEqual([String(pid), String(pid)]);
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).toBe('');
    },
  );
});
