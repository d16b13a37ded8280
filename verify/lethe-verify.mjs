#!/usr/bin/env node
// Verifies a bundle of Lethe's audit log, offline. Needs Node 18 or newer and nothing else; shares no code with the server.
//
//   node lethe-verify.mjs BUNDLE --key VKEY [--key VKEY ...] [--checkpoint OLDER]
//
// BUNDLE  a file that an export gave. VKEY is the log's verification key (name+id+key), or a file with it: get it once and keep it.
// OLDER   a checkpoint you have seen before, as a file: the log must still contain it. This is what shows a fork or a cut-off end.
// Ends with 0 when everything holds, with 1 and a sentence when something does not, with 2 when the question itself is wrong.
//
// The formats are described byte for byte in docs/audit-log.md.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The evidence does not hold. */
class Refusal extends Error {}
/** The question cannot be asked like this. */
class Usage extends Error {}

function demand(condition, sentence) {
  if (!condition) throw new Refusal(sentence);
}

// --- Hashes and trees: RFC 6962 §2.1, RFC 9162 §2.1.3 and §2.1.4 -------------------------------------------------------------------------

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const leafHash = (data) => sha256(Buffer.of(0), data);
const nodeHash = (left, right) => sha256(Buffer.of(1), left, right);

/** The root that a leaf at `index` and its audit path give a tree of `size` leaves; undefined when the path does not fit. */
export function rootFromInclusion(index, size, leaf, path) {
  if (index >= size) return undefined;
  let at = BigInt(index);
  let last = BigInt(size) - 1n;
  let root = leaf;
  for (const sibling of path) {
    if (last === 0n) return undefined;
    if (at & 1n || at === last) {
      root = nodeHash(sibling, root);
      while (!(at & 1n) && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else {
      root = nodeHash(root, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n ? root : undefined;
}

/** Whether the tree of `size` leaves with root `root` begins with the tree of `older` leaves with root `olderRoot`. */
export function isConsistent(older, size, olderRoot, root, path) {
  if (older < 1 || older > size) return false;
  if (older === size) return path.length === 0 && olderRoot.equals(root);
  // A tree of 2^n leaves is a node of the larger one; its hash is then not repeated in the proof.
  const isPowerOfTwo = (BigInt(older) & (BigInt(older) - 1n)) === 0n;
  const [first, ...rest] = isPowerOfTwo ? [olderRoot, ...path] : path;
  if (first === undefined) return false;
  let at = BigInt(older) - 1n;
  let last = BigInt(size) - 1n;
  while (at & 1n) [at, last] = [at >> 1n, last >> 1n];
  let oldHash = first;
  let newHash = first;
  for (const sibling of rest) {
    if (last === 0n) return false;
    if (at & 1n || at === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (!(at & 1n) && at !== 0n) [at, last] = [at >> 1n, last >> 1n];
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    [at, last] = [at >> 1n, last >> 1n];
  }
  return last === 0n && oldHash.equals(olderRoot) && newHash.equals(root);
}

// --- Strict reading: for everything accepted here there is one way to write it --------------------------------------------------------------

/** Exactly `length` bytes, or any number, in base64 as RFC 4648 §4 writes it; undefined for any other text. */
function fromBase64(text, length) {
  if (typeof text !== 'string') return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text && (length === undefined || bytes.length === length) ? bytes : undefined;
}

/** RFC 8785: no white space, members sorted by UTF-16 code units, strings and numbers as ECMAScript writes them. */
export function canonicalJson(value) {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`).join(',')}}`;
}

function fromJson(bytes) {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const value = JSON.parse(text);
    if (`${canonicalJson(value)}\n` === text) return value;
  } catch {
    // Below: what cannot be read and what is written in another way are refused alike.
  }
  throw new Refusal('The bundle is damaged or was rewritten: it is not JSON in canonical form followed by one line break.');
}

function hasMembers(value, names) {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}

const isCount = (value, least) => Number.isSafeInteger(value) && value >= least;

// --- Keys and checkpoints: C2SP signed-note and tlog-checkpoint ------------------------------------------------------------------------------

const KEY = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/u;

/** `name+id+key`; undefined when it is none or was damaged. */
export function readKey(text) {
  const [, name, id, encoded] = KEY.exec(text.trim()) ?? [];
  const bytes = fromBase64(encoded, 33);
  if (bytes === undefined || bytes[0] !== 1) return undefined;
  const keyId = sha256(Buffer.from(`${name}\n`, 'utf8'), bytes).subarray(0, 4);
  if (keyId.toString('hex') !== id) return undefined;
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(1).toString('base64url') };
  return { name, keyId, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) };
}

/** The tree head in a note that one of `keys` has signed. With `alone`, the note must carry no other signature. */
export function readCheckpoint(note, keys, { alone, what }) {
  const split = typeof note === 'string' ? note.lastIndexOf('\n\n') : -1;
  demand(split > 0 && note.endsWith('\n'), `The ${what} is not a signed note.`);
  const text = note.slice(0, split + 1);
  const lines = note.slice(split + 2, -1).split('\n');
  demand(!alone || lines.length === 1, `The ${what} carries more than the one signature it should.`);
  const signed = keys.find((key) => lines.some((line) => isSignatureOf(line, key, text)));
  demand(signed, `The ${what} is not signed by the key you gave: it was changed, or it is another log's.`);
  const [origin, size = '', root, ...others] = text.slice(0, -1).split('\n');
  const head = { size: Number(size), root: fromBase64(root, 32), key: signed, note };
  const intact = origin === signed.name && /^[1-9]\d*$/.test(size) && isCount(head.size, 1) && head.root && others.length === 0;
  demand(intact, `The ${what} is signed, but is no checkpoint of the log "${signed.name}".`);
  return head;
}

function isSignatureOf(line, key, text) {
  const start = `— ${key.name} `;
  const bytes = line.startsWith(start) ? fromBase64(line.slice(start.length), 68) : undefined;
  return (
    bytes !== undefined &&
    bytes.subarray(0, 4).equals(key.keyId) &&
    verify(null, Buffer.from(text, 'utf8'), key.publicKey, bytes.subarray(4))
  );
}

// --- The bundle --------------------------------------------------------------------------------------------------------------------------------

/** Checks everything a bundle says. `older` is the text of a checkpoint seen before. Throws a {@link Refusal}; answers what was shown. */
export function verifyBundle(bytes, keys, older) {
  const bundle = fromJson(bytes);
  const known = hasMembers(bundle, ['checkpoint', 'entries', 'format', 'scope', 'since']) && bundle.format === 'lethe-audit-bundle/1';
  demand(known && Array.isArray(bundle.entries), 'This is not a bundle in the format lethe-audit-bundle/1.');
  demand(['installation', 'organisation'].includes(bundle.scope), 'The bundle does not say whose events it holds.');
  const head = readCheckpoint(bundle.checkpoint, keys, { alone: true, what: "bundle's checkpoint" });
  bundle.entries.forEach((entry, place) => checkEntry(entry, place + 1, head));
  if (bundle.scope === 'organisation') checkNumbers(bundle.entries);
  else checkIndexes(bundle.entries);
  const since = bundle.since === null ? undefined : checkSince(bundle.since, keys, head);
  if (older !== undefined) checkOlder(readCheckpoint(older, keys, { alone: false, what: 'older checkpoint' }), since, head);
  return { head, bundle, since, older };
}

function checkEntry(entry, place, head) {
  const which = `Entry ${place}`;
  const shaped =
    hasMembers(entry, ['event', 'leafHash', 'leafIndex', 'proof']) && isCount(entry.leafIndex, 0) && Array.isArray(entry.proof);
  const leaf = shaped ? fromBase64(entry.leafHash, 32) : undefined;
  const path = shaped ? entry.proof.map((hash) => fromBase64(hash, 32)) : [];
  demand(leaf && !path.includes(undefined), `${which} is malformed.`);
  if (entry.event !== null) {
    const data = Buffer.from(canonicalJson(entry.event), 'utf8');
    demand(leafHash(data).equals(leaf), `${which} was edited: its event is not the one its leaf hash stands for.`);
    demand(isEvent(entry.event), `${which} holds no event in the format lethe-audit-event/1.`);
  }
  demand(entry.leafIndex < head.size, `${which} stands outside the log that the checkpoint signs.`);
  const root = rootFromInclusion(entry.leafIndex, head.size, leaf, path);
  demand(root?.equals(head.root), `${which} is not in the log that the checkpoint signs: it was edited, moved or invented.`);
}

const EVENT_MEMBERS =
  'action actorId actorKind detail expiresOn format id nonce number occurredAt organisationId targetId targetType'.split(' ');
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** A signed leaf can still be anything: what is told of it below has to be what it seems. */
function isEvent(event) {
  if (!hasMembers(event, EVENT_MEMBERS) || event.format !== 'lethe-audit-event/1' || !isCount(event.number, 1)) return false;
  return event.organisationId === null || (typeof event.organisationId === 'string' && UUID.test(event.organisationId));
}

/** Events of one organisation are numbered without gaps: none between the first and the last may be missing. */
function checkNumbers(entries) {
  const [first] = entries;
  entries.forEach(({ event, leafIndex }, at) => {
    const which = `Entry ${at + 1}`;
    demand(event !== null, `${which} has no event.`);
    demand(event.organisationId === first.event.organisationId, `${which} belongs to another organisation than the first.`);
    demand(
      event.number === first.event.number + at,
      `${which} should be number ${first.event.number + at} and is ${event.number}: an event is missing, or they were re-ordered.`,
    );
    demand(at === 0 || leafIndex > entries[at - 1].leafIndex, `${which} does not come after the one before it.`);
  });
}

/** Leaves of the whole log follow on each other, and no organisation has two events of one number: one for it and one for others. */
function checkIndexes(entries) {
  const numbers = new Map();
  entries.forEach(({ event, leafIndex }, at) => {
    const wanted = entries[0].leafIndex + at;
    demand(
      leafIndex === wanted,
      `Entry ${at + 1} should be leaf ${wanted} and is ${leafIndex}: an entry is missing, or they were re-ordered.`,
    );
    if (event === null) return;
    const before = numbers.get(event.organisationId) ?? 0;
    demand(
      event.number > before,
      `Entry ${at + 1} is number ${event.number} of its organisation, behind number ${before}: two share a number.`,
    );
    numbers.set(event.organisationId, event.number);
  });
}

function checkSince(since, keys, head) {
  demand(hasMembers(since, ['checkpoint', 'proof']) && Array.isArray(since.proof), 'The part "since" of the bundle is malformed.');
  const before = readCheckpoint(since.checkpoint, keys, { alone: true, what: 'checkpoint in "since"' });
  const path = since.proof.map((hash) => fromBase64(hash, 32));
  const holds = !path.includes(undefined) && isConsistent(before.size, head.size, before.root, head.root, path);
  demand(holds, `The log was forked: what it contains at size ${head.size} does not begin with what it contained at size ${before.size}.`);
  return before;
}

function checkOlder(older, since, head) {
  demand(
    older.size <= head.size,
    `The log was cut off, or the bundle is older than your checkpoint: it has ${head.size} entries, and had ${older.size} before.`,
  );
  const same = [head, since].find((each) => each?.size === older.size);
  demand(same, `The bundle does not show that it extends your checkpoint: export it again with since=${older.size}.`);
  demand(same.root.equals(older.root), `The log was forked: it has signed two different contents for size ${older.size}.`);
}

// --- The command line --------------------------------------------------------------------------------------------------------------------------

const USAGE = 'usage: lethe-verify BUNDLE --key VKEY [--key VKEY ...] [--checkpoint OLDER]';

function readArguments(args) {
  const asked = { bundle: undefined, keys: [], checkpoint: undefined };
  for (let at = 0; at < args.length; at += 1) {
    const [, option, joined] = /^--(key|checkpoint)(?:=(.*))?$/s.exec(args[at]) ?? [];
    const value = option === undefined ? args[at] : (joined ?? args[(at += 1)]);
    if (value === undefined || (option === undefined && (value.startsWith('--') || asked.bundle !== undefined))) throw new Usage(USAGE);
    if (option === 'key') asked.keys.push(value);
    // Of two checkpoints one would go unchecked.
    else if (option === 'checkpoint' && asked.checkpoint !== undefined) throw new Usage(`--checkpoint stands twice. ${USAGE}`);
    else asked[option ?? 'bundle'] = value;
  }
  if (asked.bundle === undefined || asked.keys.length === 0) throw new Usage(USAGE);
  return asked;
}

function readFile(path, what) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Usage(`The ${what} ${path} cannot be read (${error.code}).`);
  }
}

function keyNamed(text) {
  const key = readKey(text) ?? (KEY.test(text) ? undefined : readKey(readFile(text, 'key file').toString('utf8')));
  if (key === undefined) throw new Usage('The verification key is damaged or is none: it has the form name+id+key.');
  return key;
}

function describe({ head, bundle, since, older }) {
  const { entries, scope } = bundle;
  const ends = [entries[0], entries.at(-1)];
  const whose = scope === 'organisation' ? (ends[0]?.event.organisationId ?? 'the installation itself') : '';
  const [from, to] = ends.map((entry) => (scope === 'organisation' ? entry?.event.number : entry?.leafIndex));
  const what = scope === 'organisation' ? `events ${from} to ${to} of ${whose}` : `leaves ${from} to ${to}`;
  const lines = [
    `verified: ${entries.length === 0 ? 'the checkpoint alone; the bundle holds no events' : `${what}, none missing between them`}`,
  ];
  lines.push(`log:      ${head.key.name}, ${head.size} entries, root ${head.root.toString('base64')}`);
  const gone = entries.filter(({ event }) => event === null).length;
  if (gone > 0)
    lines.push(`withheld: ${gone} events, of which only leaf hashes are here: past their time, or left out by whoever gave the bundle`);
  if (since) lines.push(`extends:  the checkpoint of size ${since.size}`);
  if (older === undefined)
    lines.push('note:     give a checkpoint you have seen before with --checkpoint to detect a fork or a cut-off end');
  return lines.join('\n');
}

/** Runs one command line without the program's name; answers the exit code. */
export function main(args, say = { out: (text) => process.stdout.write(`${text}\n`), error: (text) => process.stderr.write(`${text}\n`) }) {
  try {
    const asked = readArguments(args);
    const keys = asked.keys.map(keyNamed);
    const older = asked.checkpoint === undefined ? undefined : readFile(asked.checkpoint, 'checkpoint').toString('utf8');
    say.out(describe(verifyBundle(readFile(asked.bundle, 'bundle'), keys, older)));
    return 0;
  } catch (error) {
    if (error instanceof Usage) say.error(error.message);
    else if (error instanceof Refusal) say.error(`REFUSED: ${error.message}`);
    else say.error('REFUSED: The bundle is malformed.');
    return error instanceof Usage ? 2 : 1;
  }
}

const [, program] = process.argv;
const self = fileURLToPath(import.meta.url);
// Also where Node was told to leave symbolic links as they are: doing nothing would end with 0.
if (program !== undefined && (program === self || realpathSync(program) === self)) process.exitCode = main(process.argv.slice(2));
