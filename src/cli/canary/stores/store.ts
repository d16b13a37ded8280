/** Where bytes end up, by who answers for them. A word says into which of these it may go while it is alive. */
export type StoreGroup =
  /** Tables, indexes, TOAST, statistics, WAL, and their copies in archives and backups. */
  | 'database'
  | 'queue'
  /** What Lethe writes beside its database: data folder, blobs. */
  | 'files'
  /** Log and traces: handed to the operator's own systems as they arise. */
  | 'telemetry'
  | 'metrics'
  | OutsideGroup;

/** Handed to somebody else, and not Lethe's any more. */
export type OutsideGroup = 'mail' | 'provider' | 'webhooks' | 'identity_providers';

/** Bytes, and where they are, for a person who has to find them again. */
export interface Piece {
  readonly location: string;
  /** A file is read when its turn comes, and not again while it is unchanged. */
  readonly source: { readonly file: string } | { readonly bytes: Buffer };
}

/** One place in which words may lie. */
export interface Store {
  readonly name: string;
  readonly group: StoreGroup;
  /** Days that what is in it may outlive its due day: a copy that has a life of its own, which the profile gives (D4). */
  readonly outlivesDays: number;
  /** What is searched of a file, where that is not the file as it is. */
  readonly unwrap?: (file: Buffer) => Buffer;
  pieces(): AsyncIterable<Piece>;
}
