import { longRuns } from './character-classes.ts';
import { withoutDisguise, withoutEscapes, withoutMargins, withoutQuotedPrintable } from './decode-layers.ts';
import type { FindingSink } from './findings.ts';
import { ViewSink } from './view.ts';

/** What looks at one layer of a text. */
export type LayerScan = (text: string, sink: FindingSink) => void;

/** Layers of escaping that are opened. More than any program writes; a text doubles with each that quotes contain. */
const DEEPEST = 6;
const SHORTEST_BASE64 = 32;
/** Enough to see whether a run decodes to text. */
const SAMPLE = 64;
const PRINTABLE = /^[\t\n\r\x20-\x7e]*$/;

/** A text and what its escapes, disguises and base64 runs hide, each by the offsets of the text itself. */
export function scanLayers(text: string, sink: FindingSink, scan: LayerScan, depth = 0): void {
  const margins = depth === 0 ? withoutMargins(text) : undefined;
  if (margins !== undefined) {
    // Cutting what stands between two lines would take their margins along, which is harmless.
    scanLayers(margins.text, new ViewSink(margins, sink), scan, depth + 1);
    return;
  }
  const plain = withoutDisguise(text);
  if (plain !== undefined) {
    scanLayer(plain.text, new ViewSink(plain, sink), scan, depth);
    // A narrow look-alike of the operators may be all there is: what was written is looked at as well.
    scan(text, sink);
    return;
  }
  scanLayer(text, sink, scan, depth);
}

function scanLayer(text: string, sink: FindingSink, scan: LayerScan, depth: number): void {
  scan(text, sink);
  scanBase64(text, sink, depth, scan);
  if (depth >= DEEPEST) return;
  const mail = depth === 0 ? withoutQuotedPrintable(text) : undefined;
  if (mail !== undefined) scanLayers(mail.text, new ViewSink(mail, sink), scan, depth + 1);
  const inner = withoutEscapes(text);
  if (inner !== undefined) scanLayers(inner.text, new ViewSink(inner, sink), scan, depth + 1);
}

/** A run of base64 that decodes to text with a credential in it is one: an encoded configuration file, a header, a document. */
function scanBase64(text: string, sink: FindingSink, depth: number, scan: LayerScan): void {
  if (depth >= DEEPEST || text.length < SHORTEST_BASE64) return;
  longRuns(text, 'base64', SHORTEST_BASE64, (start, end) => {
    if (!PRINTABLE.test(decode(text.slice(start, start + SAMPLE)))) return;
    let found = false;
    scanLayers(decode(text.slice(start, end)), { add: () => void (found = true) }, scan, depth + 2);
    if (found) sink.add(start, end, 'encoded');
  });
}

function decode(value: string): string {
  return Buffer.from(value, 'base64').toString('latin1');
}
