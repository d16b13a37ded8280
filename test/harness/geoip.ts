// A small GeoIP database in MMDB format 2.0 (https://maxmind.github.io/MaxMind-DB/), for tests that come from several countries.
import { writeFileSync } from 'node:fs';

const MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
const SEPARATOR = Buffer.alloc(16);
const [TEXT, UINT16, UINT32, MAP] = [2, 5, 6, 7];
const EMPTY = -1;

type Value = string | number | { readonly [name: string]: Value };
/** Each side is another node, or an index of a country below zero, or nothing. */
type Node = [number, number];

/** Writes a database that knows these disjoint IPv4 networks (`192.0.2.0/24`) and their countries (ISO 3166-1 alpha-2). */
export function writeGeoIpDatabase(path: string, countries: Readonly<Record<string, string>>): void {
  const nodes: Node[] = [[EMPTY, EMPTY]];
  const data: Buffer[] = [];
  const offsets: number[] = [];
  let length = 0;
  for (const [network, country] of Object.entries(countries)) {
    const record = encode({ country: { iso_code: country } });
    offsets.push(length);
    data.push(record);
    length += record.length;
    place(nodes, network, -1 - offsets.length);
  }
  const tree = Buffer.alloc(nodes.length * 6);
  for (const [index, sides] of nodes.entries()) {
    for (const [side, target] of sides.entries()) {
      const value = target >= 0 ? target : target === EMPTY ? nodes.length : nodes.length + SEPARATOR.length + (offsets[-2 - target] ?? 0);
      tree.writeUIntBE(value, index * 6 + side * 3, 3);
    }
  }
  const about = {
    node_count: nodes.length,
    record_size: 24,
    ip_version: 4,
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
  };
  writeFileSync(path, Buffer.concat([tree, SEPARATOR, ...data, MARKER, encode({ ...about, build_epoch: 1, database_type: 'Test' })]));
}

function place(nodes: Node[], network: string, leaf: number): void {
  const [address = '', bits = '32'] = network.split('/');
  const number = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const last = Number(bits) - 1;
  let at = 0;
  for (let bit = 0; bit <= last; bit += 1) {
    const side = Math.floor(number / 2 ** (31 - bit)) % 2;
    const node = nodes[at] as Node;
    if (bit === last) node[side] = leaf;
    else if ((node[side] as number) < 0) node[side] = nodes.push([EMPTY, EMPTY]) - 1;
    at = node[side] as number;
  }
}

function encode(value: Value): Buffer {
  if (typeof value === 'string') return tagged(TEXT, Buffer.from(value));
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return value < 65_536 ? tagged(UINT16, bytes.subarray(2)) : tagged(UINT32, bytes);
  }
  const entries = Object.entries(value);
  return Buffer.concat([Buffer.from([(MAP << 5) | entries.length]), ...entries.flatMap(([name, held]) => [encode(name), encode(held)])]);
}

/** For sizes below 29, which is all there are here. */
function tagged(type: number, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(type << 5) | bytes.length]), bytes]);
}
