import { cut, type Finding, Findings, REDACTED } from './findings.ts';
import { findPersonalData } from './find-personal-data.ts';
import { keptHeaders } from './headers.ts';
import { KnownSecrets } from './known-secrets.ts';
import { OperatorPatterns } from './operator-patterns.ts';
import { type LayerScan, scanLayers } from './scan-layers.ts';
import { mayBeJson } from './json-reader.ts';
import { scanJson } from './scan-json.ts';
import { scanText } from './scan-text.ts';

/** What is cut beside credentials. */
export interface RedactionRules {
  readonly personalData: boolean;
  /** Patterns of the operator's own, in RE2's syntax; compiled and bounded by {@link OperatorPatterns}. */
  readonly patterns: readonly string[];
}

/** A text with its credentials cut out. `findings` counts by family. */
export interface RedactedText {
  readonly text: string;
  readonly findings: Readonly<Record<string, number>>;
}

/** Cutting can bring together what was apart, so it is done until nothing matches. What still matches then is dropped. */
const MOST_PASSES = 4;

export class RedactionEngine {
  private readonly rules: RedactionRules;
  private readonly patterns: OperatorPatterns;

  /** @throws RangeError when the rules hold a pattern that cannot be taken: they are checked where they are set. */
  constructor(rules: RedactionRules) {
    const patterns = OperatorPatterns.compile(rules.patterns);
    if (!(patterns instanceof OperatorPatterns)) throw new RangeError(`pattern ${patterns.index}: ${patterns.message}`);
    this.rules = rules;
    this.patterns = patterns;
  }

  /**
   * The text without credentials (C2), or nothing when after some passes it still seems to hold one. What comes out is a fixed point:
   * redacted again, it does not change. JSON stays JSON, because only characters inside its strings and whole numbers are cut.
   */
  redactText(text: string, knownSecrets: readonly string[]): RedactedText | undefined {
    const known = new KnownSecrets(knownSecrets);
    const scan: LayerScan = (layer, sink) => {
      known.scan(layer, sink);
      scanText(layer, sink);
      this.patterns.scan(layer, sink);
      if (this.rules.personalData) findPersonalData(layer, sink);
    };
    const counts: Record<string, number> = {};
    let current = text;
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      const found = findingsIn(current, scan, pass > 0).filter(({ start, end }) => !isMarker(current, start, end));
      if (found.length === 0) return { text: current, findings: counts };
      if (pass === MOST_PASSES - 1) return undefined;
      for (const { family } of found) counts[family] = (counts[family] ?? 0) + 1;
      current = cut(
        current,
        found.map((each) => onWholeCharacters(current, each)),
      );
    }
    return undefined;
  }

  /** The bytes of a body, and what headers may be kept with it. */
  redactBody(
    body: Uint8Array,
    headers: Readonly<Record<string, string>>,
    knownSecrets: readonly string[],
  ): RedactedBody | 'still_matches' | 'unreadable' {
    if (isCompressed(body, headers)) return 'unreadable';
    const { text, encoding } = decodeBody(body);
    const redacted = this.redactText(text, knownSecrets);
    if (redacted === undefined) return 'still_matches';
    const kept: Record<string, string> = {};
    for (const [name, value] of Object.entries(keptHeaders(headers))) {
      const header = this.redactText(value, knownSecrets);
      if (header !== undefined) kept[name] = header.text;
    }
    return { body: redacted.text === text ? body : Buffer.from(redacted.text, encoding), headers: kept, findings: redacted.findings };
  }
}

export interface RedactedBody {
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  readonly findings: Readonly<Record<string, number>>;
}

function findingsIn(text: string, scan: LayerScan, again: boolean): Finding[] {
  const findings = new Findings();
  if (mayBeJson(text) && scanJson({ source: text, scan, depth: 0, again }, findings)) return findings.merged();
  const plain = new Findings();
  scanLines(text, plain, scan);
  return plain.merged();
}

/** Lines of their own JSON, as batches, logs and event streams have them, are read as JSON; the whole is read as text. */
function scanLines(text: string, findings: Findings, scan: LayerScan): void {
  scanLayers(text, findings, scan);
  if (!/[{[]/.test(text)) return;
  for (const line of text.matchAll(/^(?:data:|event:|\w{1,16}:)?[ \t]{0,8}([{[].*[}\]])[ \t\r]*$/gm)) {
    const json = line[1] as string;
    const offset = line.index + line[0].indexOf(json);
    const inner = new Findings();
    if (!scanJson({ source: json, scan, depth: 1, again: false }, inner)) continue;
    for (const { start, end, family, number } of inner.merged()) findings.add(start + offset, end + offset, family, number);
  }
}

/** A rule may match the marker itself, as the value of a field: nothing is left to cut then. */
function isMarker(text: string, start: number, end: number): boolean {
  return (
    text
      .slice(start, end)
      .replaceAll(REDACTED, '')
      .replace(/[\s"'\\,;:]/g, '') === ''
  );
}

/** A cut never leaves half of a surrogate pair behind. */
function onWholeCharacters(text: string, finding: Finding): Finding {
  const isLow = (index: number): boolean => (text.charCodeAt(index) & 0xfc00) === 0xdc00;
  const start = isLow(finding.start) ? Math.max(0, finding.start - 1) : finding.start;
  return { ...finding, start, end: isLow(finding.end) ? finding.end + 1 : finding.end };
}

/** What is compressed cannot be looked into, and so is not kept. */
function isCompressed(body: Uint8Array, headers: Readonly<Record<string, string>>): boolean {
  const encoding = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-encoding')?.[1] ?? 'identity';
  const magic = ((body[0] ?? 0) << 8) | (body[1] ?? 0);
  return encoding.trim().toLowerCase() !== 'identity' || magic === 0x1f8b || magic === 0x28b5;
}

/** UTF-8 where it is, UTF-16 where a mark says so, bytes otherwise: each gives back exactly what it was given. */
function decodeBody(body: Uint8Array): { text: string; encoding: 'utf8' | 'utf16le' | 'latin1' } {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (body[0] === 0xff && body[1] === 0xfe && body.length % 2 === 0) return { text: buffer.toString('utf16le'), encoding: 'utf16le' };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body), encoding: 'utf8' };
  } catch {
    return { text: buffer.toString('latin1'), encoding: 'latin1' };
  }
}
