import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeGeoIpDatabase } from '../../../test/harness/geoip.js';
import { Settings } from '../config/settings.js';
import { CoarsePlaces } from './coarse-place.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'lethe-geoip-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

it('A7: an address is looked up in the local database, and one that is none, or unknown, has no place', () => {
  const geoipDatabase = join(directory, 'test.mmdb');
  writeGeoIpDatabase(geoipDatabase, { '192.0.2.0/24': 'DE', '198.51.100.0/24': 'FR', '203.0.113.128/25': 'JP' });
  const places = new CoarsePlaces(Object.assign(new Settings(), { geoipDatabase }));
  expect(['192.0.2.9', '198.51.100.255', '203.0.113.200'].map((address) => places.find(address)?.country)).toEqual(['DE', 'FR', 'JP']);
  expect(['203.0.113.1', '', 'nonsense', '2001:db8::1', 'unknown'].map((address) => places.find(address))).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
});
