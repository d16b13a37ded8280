import { createCipheriv, createDecipheriv, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { CallId, OrganisationId } from '../../../../kernel/ids.js';
import type { ContentStore } from '../../content.contract.js';
import { contentErrors } from '../../content.errors.js';

/** What sealed content belongs to: it opens nowhere else. */
export interface ContentContext {
  readonly organisationId: OrganisationId;
  readonly callId: CallId;
  readonly store: ContentStore;
  readonly keyVersion: number;
}

const FORMAT = 2;
const SALT_BYTES = 32;
const NUMBER_AT = 1 + SALT_BYTES;
const HEAD_BYTES = NUMBER_AT + 4;
const TAG_BYTES = 16;
/** Plaintext of a chunk: what is read has been authenticated before more of it is. */
const CHUNK_BYTES = 65_536;

/** Pieces of content sealed under one salt. */
const MOST_SEALED = 1_024;

/**
 * Seals bytes under an organisation's content key (C4): `format(1) ‖ salt(32) ‖ number(4) ‖ chunk…`, each chunk AES-256-GCM with its tag behind it, all but
 * the last of 64 kB. The key is made from the content key and the salt by HKDF-Expand (RFC 5869 §2.3; the content key is uniformly random, so Extract
 * has nothing to do). A salt is of this process alone and serves so many pieces of content, each with a number of its own; the nonce is that number,
 * the number of the chunk and whether it is the last. No nonce can come twice under one key however much is sealed, and chunks can be neither swapped,
 * repeated, left out nor cut off (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015). The context is authenticated with every chunk.
 */
export function sealContent(contentKey: KeyObject, plain: Buffer, context: ContentContext): Buffer[] {
  const sealing = begin(contentKey, context);
  const pieces: Buffer[] = [sealing.head];
  const chunks = Math.max(1, Math.ceil(plain.length / CHUNK_BYTES));
  for (let number = 0; number < chunks; number += 1) {
    const chunk = plain.subarray(number * CHUNK_BYTES, (number + 1) * CHUNK_BYTES);
    pieces.push(...sealChunk(sealing, chunk, number, number === chunks - 1));
  }
  return pieces;
}

/**
 * The same bytes for what comes in pieces, of which one chunk is in memory at a time: a chunk goes once it is known whether it is the last. The pieces
 * are the sealer's, and are overwritten when they have been read.
 */
export async function* sealPieces(
  contentKey: KeyObject,
  plain: AsyncIterable<Buffer>,
  context: ContentContext,
): AsyncGenerator<Buffer, void, void> {
  const sealing = begin(contentKey, context);
  const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  let filled = 0;
  let number = 0;
  try {
    yield sealing.head;
    for await (const piece of plain) {
      for (let at = 0; at < piece.length; ) {
        if (filled === CHUNK_BYTES) {
          yield* sealChunk(sealing, chunk, number, false);
          number += 1;
          filled = 0;
        }
        const copied = piece.copy(chunk, filled, at);
        at += copied;
        filled += copied;
      }
      piece.fill(0);
    }
    yield* sealChunk(sealing, chunk.subarray(0, filled), number, true);
  } finally {
    chunk.fill(0);
  }
}

/** The bytes again. Damage, truncation, chunks in another order, another row's context and another key all end in the one error `content/unreadable`. */
export function openContent(contentKey: KeyObject, sealed: Buffer, context: ContentContext): Buffer {
  if (sealed.length < HEAD_BYTES + TAG_BYTES || sealed.readUInt8() !== FORMAT) throw contentErrors.unreadable();
  const boundTo = encode(context);
  const key = deriveKey(contentKey, sealed.subarray(1, NUMBER_AT));
  const message = sealed.readUInt32BE(NUMBER_AT);
  const plain: Buffer[] = [];
  try {
    for (let at = HEAD_BYTES, number = 0; at < sealed.length; number += 1) {
      const end = Math.min(at + CHUNK_BYTES + TAG_BYTES, sealed.length);
      if (end - at < TAG_BYTES) throw new RangeError('cut inside a tag');
      const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(message, number, end === sealed.length), { authTagLength: TAG_BYTES });
      decipher.setAAD(boundTo);
      decipher.setAuthTag(sealed.subarray(end - TAG_BYTES, end));
      plain.push(decipher.update(sealed.subarray(at, end - TAG_BYTES)));
      decipher.final();
      at = end;
    }
    return Buffer.concat(plain);
  } catch (cause) {
    throw contentErrors.unreadable({ cause });
  }
}

interface Sealing {
  readonly head: Buffer;
  readonly key: KeyObject;
  readonly message: number;
  readonly boundTo: Buffer;
}

/** A salt, the key it makes, and how many pieces of content were sealed under it. */
interface SaltedKey {
  readonly salt: Buffer;
  readonly key: KeyObject;
  sealed: number;
}

/** Those in use, by their content keys: deriving one takes longer than sealing two kilobytes. They go when their content key is let go of. */
const saltedKeys = new WeakMap<KeyObject, SaltedKey>();

function begin(contentKey: KeyObject, context: ContentContext): Sealing {
  const salted = saltedKey(contentKey);
  const message = salted.sealed;
  salted.sealed += 1;
  const head = Buffer.allocUnsafe(HEAD_BYTES);
  head.writeUInt8(FORMAT);
  salted.salt.copy(head, 1);
  head.writeUInt32BE(message, NUMBER_AT);
  return { head, key: salted.key, message, boundTo: encode(context) };
}

function saltedKey(contentKey: KeyObject): SaltedKey {
  const known = saltedKeys.get(contentKey);
  if (known && known.sealed < MOST_SEALED) return known;
  const salt = randomBytes(SALT_BYTES);
  const salted = { salt, key: deriveKey(contentKey, salt), sealed: 0 };
  saltedKeys.set(contentKey, salted);
  return salted;
}

function sealChunk({ key, message, boundTo }: Sealing, plain: Buffer, number: number, isLast: boolean): [Buffer, Buffer] {
  const cipher = createCipheriv('aes-256-gcm', key, nonceOf(message, number, isLast));
  cipher.setAAD(boundTo);
  const sealed = cipher.update(plain);
  cipher.final();
  return [sealed, cipher.getAuthTag()];
}

/** None of its parts has a blank in it. */
function encode({ organisationId, callId, store, keyVersion }: ContentContext): Buffer {
  return Buffer.from(`lethe/content/2 ${organisationId} ${callId} ${store} ${keyVersion}`);
}

/** HKDF-Expand with SHA-256 for 32 bytes, which is one block: HMAC(key, info ‖ 0x01). As a key object: a cipher takes that 12 µs sooner than bytes. */
function deriveKey(contentKey: KeyObject, salt: Buffer): KeyObject {
  const bytes = createHmac('sha256', contentKey).update(INFO).update(salt).update(ONE).digest();
  try {
    return createSecretKey(bytes);
  } finally {
    bytes.fill(0);
  }
}

const INFO = Buffer.from('lethe/content/2');
const ONE = Buffer.from([1]);

function nonceOf(message: number, chunk: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(message);
  nonce.writeUInt32BE(chunk, 7);
  nonce.writeUInt8(isLast ? 1 : 0, 11);
  return nonce;
}
