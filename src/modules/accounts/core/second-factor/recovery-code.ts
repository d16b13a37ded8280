import { hash, randomBytes } from 'node:crypto';
import type { AccountId } from '../../../../kernel/ids.js';
import { lengthPrefixed } from '../../../../platform/kms/key-context.js';

const RECOVERY_CODES = 10;

/** Crockford's base 32: no I, L, O or U, so nothing is misread from paper. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
/** 20 digits hold 100 bits: beyond guessing, also for who holds the hashes, and short enough to type from paper. */
const DIGITS = 20;
const GROUP = 5;
const GROUPS = new RegExp(`.{${GROUP}}(?=.)`, 'g');
const CODE = new RegExp(`^[${ALPHABET}]{${DIGITS}}$`);

/** Ten new codes, such as `8h2kq-0vz3m-c5tbn-w7xyd`. They leave the process once and are kept as {@link hashRecoveryCode}. */
export function issueRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => {
    const digits = Array.from(randomBytes(DIGITS), (byte) => ALPHABET[byte % ALPHABET.length]).join('');
    return digits.replace(GROUPS, '$&-');
  });
}

/** What is kept of a code: SHA-256, bound to the account, so that a row copied to another account lets nobody in. Null for what is no code. */
export function hashRecoveryCode(accountId: AccountId, typed: string): Buffer | null {
  const digits = typed.toLowerCase().replace(/[\s-]/g, '').replace(/[il]/g, '1').replaceAll('o', '0');
  if (!CODE.test(digits)) return null;
  return hash('sha256', lengthPrefixed(['lethe/recovery-code/1', accountId, digits]), 'buffer');
}
