import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Pool } from 'pg';
import type { Piece, Store } from './store.js';
import { withoutPageHeaders } from './wal-pages.js';

/** What a file of the cluster holds. */
type ClusterPart = 'heap' | 'index' | 'TOAST' | 'statistics' | 'WAL' | 'other files of the cluster';

const PARTS: readonly ClusterPart[] = ['heap', 'index', 'TOAST', 'statistics', 'WAL', 'other files of the cluster'];

interface Relation {
  readonly path: string;
  readonly name: string;
  readonly kind: string;
  readonly owner: string | null;
}

/** Forks and segments of a relation have its path and a suffix. */
const SUFFIX = /(?:_(?:fsm|vm|init))?(?:\.\d+)?$/;

/** Every file of a database cluster as it is now, sorted by what it holds. */
export async function clusterStores(data: string, owner: Pool): Promise<Store[]> {
  const relations = await relationsByPath(owner);
  const pieces = new Map<ClusterPart, Piece[]>(PARTS.map((part) => [part, []]));
  for (const file of listed(data)) {
    const path = relative(data, file);
    const relation = relations.get(path.replace(SUFFIX, ''));
    pieces.get(partOf(path, relation))?.push({ location: relation ? `${relation.name} (${path})` : path, source: { file } });
  }
  return PARTS.map((part) => ({
    name: part,
    group: 'database',
    outlivesDays: 0,
    ...(part === 'WAL' ? { unwrap: withoutPageHeaders } : {}),
    pieces: () => each(pieces.get(part) ?? []),
  }));
}

/** All files below a folder. */
export async function* filesIn(folder: string): AsyncIterable<Piece> {
  for (const file of listed(folder)) yield { location: relative(folder, file), source: { file } };
}

export async function* each(pieces: Iterable<Piece>): AsyncIterable<Piece> {
  yield* pieces;
}

function partOf(path: string, relation: Relation | undefined): ClusterPart {
  if (path.startsWith('pg_wal')) return 'WAL';
  if (path.startsWith('pg_stat')) return 'statistics';
  if (!relation) return 'other files of the cluster';
  if ((relation.owner ?? relation.name).startsWith('pg_statistic')) return 'statistics';
  if (relation.kind === 'i') return 'index';
  return relation.kind === 't' ? 'TOAST' : 'heap';
}

async function relationsByPath(owner: Pool): Promise<Map<string, Relation>> {
  const { rows } = await owner.query<Relation>(
    `SELECT pg_relation_filepath(c.oid) AS path, c.relname AS name, c.relkind AS kind, coalesce(toasted.relname, indexed.relname) AS owner
     FROM pg_class c LEFT JOIN pg_class toasted ON toasted.reltoastrelid = c.oid
       LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_class indexed ON indexed.oid = i.indrelid
     WHERE pg_relation_filepath(c.oid) IS NOT NULL`,
  );
  return new Map(rows.map((row) => [row.path, row]));
}

function listed(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
