/** What stands where something was cut: no quote, no backslash, so it is safe inside a JSON string at any depth of escaping. */
export const REDACTED = '[redacted]';

/** Why a piece was cut. The counts per family are all that is ever told of a finding. */
export type FindingFamily =
  | 'known_secret'
  | 'token'
  | 'credential'
  | 'private_key'
  | 'connection'
  | 'header'
  | 'command_line'
  | 'prose'
  | 'encoded'
  | 'pattern'
  | 'personal_data';

/** A piece of a text, by UTF-16 offsets, `end` exclusive. `number` marks a bare JSON number, which can only become another number. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly family: FindingFamily;
  readonly number?: boolean;
}

/** Where finders put what they find. Offsets are those of the text the finder was given; a layer above maps them to its own. */
export interface FindingSink {
  add(start: number, end: number, family: FindingFamily, number?: boolean): void;
}

/** The findings of one body, by its own offsets. */
export class Findings implements FindingSink {
  private readonly all: Finding[] = [];

  add(start: number, end: number, family: FindingFamily, number = false): void {
    if (end > start) this.all.push({ start, end, family, number });
  }

  get empty(): boolean {
    return this.all.length === 0;
  }

  /** In order, overlapping ones made one: the first to begin names the family. */
  merged(): Finding[] {
    const sorted = this.all.toSorted((a, b) => a.start - b.start || b.end - a.end);
    const merged: Finding[] = [];
    for (const next of sorted) {
      const last = merged.at(-1);
      if (last === undefined || next.start >= last.end) merged.push(next);
      else if (next.end > last.end) merged[merged.length - 1] = { ...last, end: next.end, number: false };
    }
    return merged;
  }
}

/** The text without what was found. */
export function cut(text: string, findings: readonly Finding[]): string {
  const pieces: string[] = [];
  let kept = 0;
  for (const { start, end, number } of findings) {
    pieces.push(text.slice(kept, start), number ? '0' : REDACTED);
    kept = end;
  }
  pieces.push(text.slice(kept));
  return pieces.join('');
}
