import type { FindingSink } from './findings.ts';

/** As far as a key of RSA with 4,096 bits reaches from its kind to either brace. */
const FARTHEST = 4096;
/** RFC 7518: the members that are private, as JSON and JavaScript and Python write them. */
const PRIVATE_MEMBER = /(?<![\w$])["']?(?:d|p|q|dp|dq|qi|k)["']?\s{0,4}:\s{0,4}["']([\w-]{16,2048})={0,2}["']/g;

/** The private members of a JSON Web Key inside a text. `at` is where its `kty` stands. Gives where the key ends. */
export function findWebKey(text: string, at: number, sink: FindingSink): number | undefined {
  const before = text.slice(Math.max(0, at - FARTHEST), at);
  const opening = before.lastIndexOf('{');
  if (opening < 0) return undefined;
  const closing = text.slice(at, at + FARTHEST).indexOf('}');
  if (closing < 0) return undefined;
  const start = at - before.length + opening;
  for (const found of text.slice(start, at + closing).matchAll(PRIVATE_MEMBER)) {
    const place = start + found.index + found[0].lastIndexOf(found[1] as string);
    sink.add(place, place + (found[1] as string).length, 'private_key');
  }
  return at + closing;
}
