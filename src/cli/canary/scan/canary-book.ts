import { randomBytes, randomInt } from 'node:crypto';
import { assert } from '../../../kernel/assert.js';
import { type ByteForm, formsOf, formsOfBytes, SHORTEST_WORD } from './byte-forms.js';

/** As long as the forms need it; all its letters differ, so that no compressor finds a repetition in it. */
const MARK_LENGTH = 24;
const NUMBER_LENGTH = 10;
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** 2001:db8::/32 is for documentation (RFC 3849): no machine has such an address. */
const ADDRESS_PREFIX = '20010db8';
const ADDRESS_RANDOM_BYTES = 12;

/** What the scanner looks for: bytes, and whose they are. */
export interface SoughtForm extends ByteForm {
  /** The place whose word this is a form of; null for the mark, behind which the number tells. */
  readonly place: string | null;
}

/** A word with the mark that is of no place this run has planted in: cut short, or written over. */
export const UNKNOWN_PLACE = 'a canary cut short';

/** Whose word was found. */
export interface Owner {
  readonly place: string;
  /** Of a word cut short: the places whose words begin with as much as is left of it. */
  readonly mayBe?: readonly string[];
}

/**
 * The words of one run, each in one place. They begin with a mark that all share and occur nowhere else, so that looking for all of them costs as much
 * as looking for one; what follows tells them apart. Lower-case letters and digits, the first a letter: nothing escapes or folds them by necessity.
 */
export class CanaryBook {
  private readonly mark = freshMark();
  private readonly placeByNumber = new Map<string, string>();
  private readonly wordByPlace = new Map<string, string>();
  private readonly foreign: SoughtForm[] = [];

  /** Grows with every word; what was searched at an earlier edition was not searched for all of them. */
  get edition(): number {
    return this.wordByPlace.size;
  }

  get places(): readonly string[] {
    return [...this.wordByPlace.keys()];
  }

  /** The word of a place, made the first time it is asked for. */
  word(place: string): string {
    const known = this.wordByPlace.get(place);
    if (known !== undefined) return known;
    const number = randomLetters(NUMBER_LENGTH);
    const word = this.mark + number;
    this.placeByNumber.set(number, place);
    this.wordByPlace.set(place, word);
    return word;
  }

  /** An IPv6 address nobody has. */
  address(place: string): string {
    const known = this.wordByPlace.get(place);
    if (known !== undefined) return known;
    // No group is zero, which the short way of writing would leave out.
    const bytes = Buffer.from(randomBytes(ADDRESS_RANDOM_BYTES).map((byte) => byte | 0x11));
    const hex = ADDRESS_PREFIX + bytes.toString('hex');
    const groups = (hex.match(/.{4}/g) ?? []).map((group) => group.replace(/^0+(?=.)/, ''));
    const text = groups.join(':');
    this.wordByPlace.set(place, text);
    const forms = [...formsOfBytes('plain', Buffer.from(text)), ...formsOfBytes('bytes', Buffer.from(hex, 'hex'))];
    this.foreign.push(...forms.map((form) => ({ ...form, place })));
    return text;
  }

  /** A secret that Lethe made itself, which nothing may hold in the clear. */
  secret(place: string, value: string): void {
    assert(value.length >= SHORTEST_WORD, 'a secret to be looked for is long enough not to occur by chance');
    this.wordByPlace.set(place, value);
    // Random bytes in base64 may be kept as the bytes they stand for.
    const bytes = /^[A-Za-z0-9_-]{43}$/.test(value) ? formsOfBytes('bytes', Buffer.from(value, 'base64url')) : [];
    this.foreign.push(...[...formsOf(value), ...bytes].map((form) => ({ ...form, place })));
  }

  /** Bytes that were made of something planted, such as what it was sealed into. As a word they are hexadecimal, as in a row written as JSON. */
  bytes(place: string, value: Buffer): void {
    this.wordByPlace.set(place, value.toString('hex'));
    this.foreign.push(...formsOfBytes('bytes', value).map((form) => ({ ...form, place })));
  }

  /** Everything to look for. */
  sought(): SoughtForm[] {
    return [...formsOf(this.mark).map((form) => ({ ...form, place: null })), ...this.foreign];
  }

  ownerOf(form: SoughtForm, haystack: Buffer, at: number): Owner {
    if (form.place !== null) return { place: form.place };
    const number = form.following(haystack, at, NUMBER_LENGTH);
    const place = this.placeByNumber.get(number);
    return place === undefined ? { place: UNKNOWN_PLACE, mayBe: this.placesLike(number) } : { place };
  }

  /** The places whose numbers have the most in common with the beginning of what was found. */
  private placesLike(found: string): string[] {
    for (let length = NUMBER_LENGTH - 1; length > 0; length -= 1) {
      const alike = [...this.placeByNumber].filter(([number]) => number.startsWith(found.slice(0, length)) && found.length >= length);
      if (alike.length > 0) return alike.map(([, place]) => place);
    }
    return [...this.placeByNumber.values()];
  }
}

function freshMark(): string {
  const letters = ALPHABET.split('');
  const first = letters.splice(randomInt(26), 1);
  while (first.length < MARK_LENGTH) first.push(...letters.splice(randomInt(letters.length), 1));
  return first.join('');
}

function randomLetters(count: number): string {
  return Array.from({ length: count }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}
