import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Settings } from '../config/settings.js';
import { CoarsePlaces } from './coarse-place.js';

type Value = string | number | readonly Value[] | { readonly [name: string]: Value };

/** A value of an MMDB data section (MaxMind DB file format 2.0): short texts, unsigned 16-bit numbers, lists and maps. */
function encode(value: Value): Buffer {
  if (typeof value === 'string') return Buffer.concat([Buffer.from([0x40 | value.length]), Buffer.from(value)]);
  if (typeof value === 'number') return Buffer.from([0xa2, value >> 8, value & 255]);
  if (Array.isArray(value)) return Buffer.concat([Buffer.from([value.length, 4]), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([Buffer.from([0xe0 | entries.length]), ...entries.flatMap(([name, part]) => [encode(name), encode(part)])]);
}

/** A database of one node: `place` for addresses whose first bit is 0, nothing for the others. */
function databaseOf(place: Value): Buffer {
  const metadata = {
    node_count: 1,
    record_size: 24,
    ip_version: 4,
    database_type: 'Test-City',
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1,
    description: { en: 'test' },
  };
  const node = Buffer.from([0, 0, 17, 0, 0, 1]);
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from('MaxMind.com')]);
  return Buffer.concat([node, Buffer.alloc(16), encode(place), marker, encode(metadata)]);
}

describe('CoarsePlaces', () => {
  let directory: string;
  let path: string;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'lethe-places-'));
    path = join(directory, 'places.mmdb');
    const city = { names: { en: 'Potsdam' } };
    writeFileSync(path, databaseOf({ city, country: { iso_code: 'DE' }, subdivisions: [{ names: { en: 'Brandenburg' } }] }));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('tells country and region of an address, and nothing closer although the database knows it', () => {
    const places = new CoarsePlaces(Object.assign(new Settings(), { geoipDatabase: path }));
    expect(places.find('10.0.0.1')).toEqual({ country: 'DE', region: 'Brandenburg' });
    for (const unknown of ['203.0.113.7', '', '2001:db8::1']) expect(places.find(unknown)).toBeNull();
  });

  it('knows no place without a database', () => {
    expect(new CoarsePlaces(new Settings()).find('10.0.0.1')).toBeNull();
  });
});
