import { declareBlobPrefix } from '../platform/blob/blob-prefixes.js';
import { declareRedisPrefix } from '../platform/redis/redis-prefixes.js';
import type { DataClass } from './data-classes.js';
import type { ColumnKind, ErasureException, SubjectKind } from './data-inventory.js';
import type { Processing } from './processing.js';

/** Where bytes go that are in no table. */
export type StorePlace =
  /** Keys that begin so. */
  | { readonly kind: 'redis'; readonly prefix: string }
  /** Objects whose keys have this first segment. */
  | { readonly kind: 'blob'; readonly prefix: string }
  /** Files of the data folder: a path below it, with `*` for a part of a name; a folder stands for all there is in it. */
  | { readonly kind: 'files'; readonly path: string }
  /** What a server that Lethe uses keeps beside the rows or keys it was given. */
  | { readonly kind: 'server'; readonly product: string }
  /** What a process says of itself, and where to. */
  | { readonly kind: 'telemetry'; readonly to: string }
  /** Somebody else: what is sent there is out of Lethe's hands. */
  | { readonly kind: 'outside'; readonly recipient: string };

/** How long an entry stays. Durations are ISO 8601, in days, hours and minutes. */
export type StoreRetention =
  /** Gone so long after it was written at the latest. */
  | { readonly kind: 'transient'; readonly within: string }
  /** As the profile says for its classes. */
  | { readonly kind: 'window' }
  /** What a server keeps of `what`: gone in its own time once that is. */
  | { readonly kind: 'follows'; readonly what: string }
  /** Kept by the operator, who is told how long it may be. */
  | { readonly kind: 'operator'; readonly advice: string }
  /** Kept by its recipient, by these terms. */
  | { readonly kind: 'recipient'; readonly terms: string }
  | { readonly kind: 'installation'; readonly reason: string };

/** What erasure does about a store (D3). */
export type StoreErasure =
  | 'delete'
  /** Nothing: entries are gone within their time. */
  | 'expires'
  /** What it holds goes with the rows it came from. */
  | 'follows'
  | 'not_personal'
  /** What is kept there is sealed under a key of the subject's that erasure destroys. */
  | { readonly shredKeyIn: string }
  /** The recipient is asked to, or has to be: how. */
  | { readonly ask: string }
  | { readonly keep: ErasureException; readonly reason: string };

/** What Lethe knows about one store that is no table: the same as of tables, where it applies (D1). */
export interface StoreDeclaration extends Partial<Processing> {
  /** The name it goes by, such as `redis.rate-counters`. */
  readonly store: string;
  readonly description: string;
  readonly place: StorePlace;
  /** Settings that say where it is or open it; an outside party nobody set up gets nothing. */
  readonly settings?: readonly string[];
  /** What may be in it, the most telling first: purpose and legal basis are that one's unless said. */
  readonly dataClasses: readonly [DataClass, ...DataClass[]];
  readonly subject: SubjectKind;
  /** How what is about one subject is found, or why nobody can; left out when there is no subject. */
  readonly located?: string;
  readonly retention: StoreRetention;
  /** `elsewhere`: what is here stands in a table too, and is given out from there. */
  readonly export: 'not_personal' | 'elsewhere' | { readonly section: string } | { readonly withheld: string };
  readonly erasure: StoreErasure;
  /** What an entry consists of. */
  readonly holds: Readonly<Record<string, ColumnKind>>;
}

const declarations = new Map<string, StoreDeclaration>();

/** Declares a store; stands beside the code that writes to it. Keys of Redis and of the blob store are refused without. */
export function declareStore(declaration: StoreDeclaration): StoreDeclaration {
  const { store, place, description } = declaration;
  if (place.kind === 'redis') declareRedisPrefix(place.prefix);
  if (place.kind === 'blob') declareBlobPrefix({ prefix: place.prefix, description });
  declarations.set(store, declaration);
  return declaration;
}

/** All stores declared by the code loaded so far, sorted by name. */
export function declaredStores(): StoreDeclaration[] {
  return [...declarations.values()].sort((a, b) => (a.store < b.store ? -1 : 1));
}
