import { hash, randomBytes } from 'node:crypto';
import type { AccountId } from '../../../../kernel/ids.js';
import { lengthPrefixed } from '../../../../platform/kms/key-context.js';

/** Crockford's base 32: no I, L, O or U, so nothing is misread from paper. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 20 digits hold 100 bits: beyond guessing, also for who holds the hashes, and short enough to type from paper. */
const DIGITS = 20;
const GROUP = 5;
const GROUPS = new RegExp(`.{${GROUP}}(?=.)`, 'g');
const CODE = new RegExp(`^[${ALPHABET}]{${DIGITS}}$`);

/** What a code is for: one in place of a second factor sets no password, and the other way round. The text stands in every hash. */
export type RecoveryUse = 'lethe/recovery-code/1' | 'lethe/password-recovery-code/1';

/** A new code, such as `8h2kq-0vz3m-c5tbn-w7xyd`. It leaves the process once and is kept as {@link hashRecoveryCode}. */
export function newRecoveryCode(): string {
  const digits = Array.from(randomBytes(DIGITS), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
  return digits.replace(GROUPS, '$&-');
}

/** What is kept of a code: SHA-256, bound to use and account, so that a row copied elsewhere lets nobody in. Null for what is no code. */
export function hashRecoveryCode(use: RecoveryUse, accountId: AccountId, typed: string): Buffer | null {
  const digits = typed.toLowerCase().replace(/[\s-]/g, '').replace(/[il]/g, '1').replaceAll('o', '0');
  if (!CODE.test(digits)) return null;
  return hash('sha256', lengthPrefixed([use, accountId, digits]), 'buffer');
}
