/** What a checkpoint says: the log's root at one size. */
export interface TreeHead {
  readonly size: number;
  readonly root: Buffer;
}

/** A tree head as it was signed and kept. */
export interface Checkpoint extends TreeHead {
  /** The signed note (C2SP tlog-checkpoint), as others get it. */
  readonly note: string;
  readonly signedAt: Date;
}

/** The text a checkpoint signs: origin, size and root, a line each (C2SP tlog-checkpoint). */
export function checkpointText(origin: string, { size, root }: TreeHead): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`;
}

/** The tree head in the text of a note; undefined when it is no checkpoint of `origin`. Says nothing about its signature. */
export function readTreeHead(origin: string, note: string): TreeHead | undefined {
  const [name, size = '', root = '', end] = note.split('\n');
  const bytes = Buffer.from(root, 'base64');
  const intact = name === origin && /^[1-9]\d{0,15}$/.test(size) && bytes.length === 32 && bytes.toString('base64') === root && end === '';
  return intact ? { size: Number(size), root: bytes } : undefined;
}
