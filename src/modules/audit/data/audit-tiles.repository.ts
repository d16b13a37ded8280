import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/unit-of-work.js';

interface Tile {
  readonly level: number;
  readonly position: number;
  readonly hashes: Buffer;
}

/** The hashes of the tree. They stay for ever. */
@Injectable()
export class AuditTilesRepository {
  async read(tx: Tx, names: readonly Omit<Tile, 'hashes'>[]): Promise<Tile[]> {
    if (names.length === 0) return [];
    const rows = await tx.query<{ level: number; position: string; hashes: Buffer }[]>(
      `SELECT t.level, t.position, t.hashes FROM audit_tile t
       JOIN unnest($1::smallint[], $2::bigint[]) AS wanted (level, position) ON t.level = wanted.level AND t.position = wanted.position`,
      [names.map(({ level }) => level), names.map(({ position }) => position)],
    );
    return rows.map(({ level, position, hashes }) => ({ level, position: Number(position), hashes }));
  }

  /** Writes tiles that are new or have been added to. The database refuses one that would lose or change a hash. */
  async write(tx: Tx, tiles: readonly Tile[]): Promise<void> {
    await tx.query(
      `INSERT INTO audit_tile (level, position, hashes) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])
       ON CONFLICT (level, position) DO UPDATE SET hashes = excluded.hashes`,
      [tiles.map(({ level }) => level), tiles.map(({ position }) => position), tiles.map(({ hashes }) => hashes)],
    );
  }

  /** Makes leaves findable by their hash. */
  async index(tx: Tx, from: number, leafHashes: readonly Buffer[]): Promise<void> {
    await tx.query('INSERT INTO audit_leaf (prefix, leaf_index) SELECT * FROM unnest($1::bigint[], $2::bigint[])', [
      leafHashes.map(prefixOf),
      leafHashes.map((_, at) => from + at),
    ]);
  }

  /** Leaves whose hash begins like this one: nearly always one or none. */
  async candidates(tx: Tx, leafHash: Buffer): Promise<number[]> {
    const sql = 'SELECT leaf_index AS index FROM audit_leaf WHERE prefix = $1 ORDER BY leaf_index LIMIT 10';
    const rows = await tx.query<{ index: string }[]>(sql, [prefixOf(leafHash)]);
    return rows.map(({ index }) => Number(index));
  }
}

function prefixOf(hash: Buffer): string {
  return hash.readBigInt64BE(0).toString();
}
