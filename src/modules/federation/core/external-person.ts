import { domainToASCII } from 'node:url';
import type { ExternalProfile } from '../data/external-identities.repository.js';
import { federationErrors } from '../federation.errors.js';
import type { ClaimPaths } from './provider-configuration.js';

/** OpenID Connect Core §2: a subject has at most 255 characters. */
const MAX_SUBJECT = 255;
const MAX_NAME = 200;
/** RFC 5321 §4.5.3.1.3 leaves an address 254 characters. */
const MAX_EMAIL = 254;
const MAX_URL = 2_000;
const MAX_STEPS = 8;
const UNSAFE = /[\p{Cc}\u202A-\u202E\u2066-\u2069\uFEFF]/u;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** Somebody a provider has just told us of: the little that is kept, and what is needed to decide who it is. */
export interface ExternalPerson {
  readonly subject: string;
  readonly profile: ExternalProfile;
  /** Whether the provider says that the address is proven; null when it says nothing. */
  readonly emailVerified: boolean | null;
  /** Whether it says that two factors were asked for. */
  readonly twoFactors: boolean;
  /** Google's `hd`: the Workspace domain the account belongs to. */
  readonly hostedDomain: string | null;
}

export type Claims = Readonly<Record<string, unknown>>;

/** How the claims of one provider are read. */
export interface ClaimReading {
  readonly paths: ClaimPaths;
  readonly subjectPath: string;
}

/** Methods of RFC 8176 that are no password, or say by themselves that there were several. */
const SECOND_FACTORS = new Set(['mfa', 'otp', 'hwk', 'swk', 'sms', 'tel', 'fpt', 'face', 'iris', 'retina', 'vbm', 'sc']);

/** Raises `federation/answer_refused` when there is no usable subject. Anything else that is unusable is taken as not said. */
export function externalPerson(claims: Claims, { paths, subjectPath }: ClaimReading): ExternalPerson {
  const subject = subjectOf(valueAt(claims, subjectPath));
  if (subject === null) throw federationErrors.answer_refused({ cause: new Error('no usable subject') });
  const email = emailOf(at(claims, paths.email));
  return {
    subject,
    profile: {
      username: cleanText(at(claims, paths.username), MAX_NAME),
      email,
      avatarUrl: webAddress(at(claims, paths.avatar)),
      vip: isVip(at(claims, paths.vip), paths.vipValues),
    },
    emailVerified: email === null ? null : verification(claims, paths.emailVerified),
    twoFactors: saysTwoFactors(claims['amr']),
    hostedDomain: typeof claims['hd'] === 'string' ? normalDomain(claims['hd']) : null,
  };
}

/** The domain of an address as accounts compare it: compatibility forms resolved, lower case, in ASCII. Null when there is none. */
export function emailDomain(email: string): string | null {
  const plain = plainText(email);
  return normalDomain(plain.slice(plain.lastIndexOf('@') + 1));
}

/** A domain name in the form in which domains are compared, or null when it is none. */
export function normalDomain(text: string): string | null {
  const domain = domainToASCII(plainText(text.trim()));
  const labels = domain.split('.');
  const isName =
    labels.length >= 2 && domain.length <= 253 && labels.every((label) => /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(label));
  return isName && !/^\d+$/.test(labels.at(-1) ?? '') ? domain : null;
}

function plainText(text: string): string {
  return text.normalize('NFKC').toLowerCase().normalize('NFKC');
}

/** What stands at the end of a path such as `data.user.login`; only what the object itself has counts. */
export function valueAt(claims: Claims, path: string): unknown {
  // A claim may have dots in its own name, as namespaced ones do.
  if (Object.hasOwn(claims, path)) return claims[path];
  const steps = path.split('.');
  if (steps.length > MAX_STEPS) return undefined;
  let value: unknown = claims;
  for (const step of steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<string, unknown>)[step];
  }
  return value;
}

function at(claims: Claims, path: string | null): unknown {
  return path === null ? undefined : valueAt(claims, path);
}

/** Some providers count their people: GitHub's id is a number. */
function subjectOf(value: unknown): string | null {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > MAX_SUBJECT) return null;
  return text.isWellFormed() && !UNSAFE.test(text) ? text : null;
}

function cleanText(value: unknown, max: number): string | null {
  if (typeof value !== 'string' || !value.isWellFormed() || UNSAFE.test(value)) return null;
  const text = value.trim();
  return text === '' || text.length > max ? null : text;
}

function emailOf(value: unknown): string | null {
  const text = cleanText(value, MAX_EMAIL);
  return text !== null && EMAIL.test(text) && emailDomain(text) !== null ? text : null;
}

/** Shown to people as a picture, so nothing but https. */
function webAddress(value: unknown): string | null {
  const text = cleanText(value, MAX_URL);
  const url = text === null ? null : URL.parse(text);
  return url?.protocol === 'https:' && url.username === '' && url.password === '' ? url.href : null;
}

function isVip(value: unknown, wanted: readonly string[]): boolean {
  const said = (Array.isArray(value) ? value : [value]) as unknown[];
  return said.some(
    (one) => (typeof one === 'string' || typeof one === 'number' || typeof one === 'boolean') && wanted.includes(String(one)),
  );
}

/** Some providers write booleans as text. Without a path to look at, the provider is taken to give proven addresses only. */
function verification(claims: Claims, path: string | null): boolean | null {
  if (path === null) return true;
  const value = valueAt(claims, path);
  if (value === undefined || value === null) return null;
  return value === true || value === 'true';
}

function saysTwoFactors(amr: unknown): boolean {
  if (!Array.isArray(amr)) return false;
  const methods = amr.filter((one): one is string => typeof one === 'string');
  return methods.includes('mfa') || (methods.includes('pwd') && methods.some((method) => SECOND_FACTORS.has(method)));
}
