import { Injectable } from '@nestjs/common';
import { invalidRequest } from '../../../../kernel/errors.js';
import { isFrequentPassword } from './frequent-passwords.js';
import { PasswordHashes } from './password-hashes.js';

/** Of new passwords; older ones keep working (ASVS 4.0.3, 2.1.1). */
export const FEWEST_CHARACTERS = 12;
export const MOST_CHARACTERS = 256;

/** What a password must not be, beside common: the names it belongs to. */
export interface PasswordOwner {
  readonly email: string | null;
  readonly username: string | null;
}

/** Judges a new password and makes its hash. */
@Injectable()
export class ChoosePassword {
  constructor(private readonly hashes: PasswordHashes) {}

  /** Raises `lethe/invalid_request` naming `field`, with what would be right, and `accounts/busy`. */
  async run(password: string, owner: PasswordOwner, field: string): Promise<string> {
    const problem = await problemOf(password, owner);
    if (problem !== undefined) throw invalidRequest([{ field, message: problem }]);
    return this.hashes.hash(password);
  }
}

async function problemOf(password: string, { email, username }: PasswordOwner): Promise<string | undefined> {
  const length = Array.from(password).length;
  if (length < FEWEST_CHARACTERS || length > MOST_CHARACTERS) return `must have ${FEWEST_CHARACTERS} to ${MOST_CHARACTERS} characters`;
  const plain = comparable(password);
  const names = [email, email?.split('@')[0], username].filter((name) => typeof name === 'string').map(comparable);
  if (names.includes(plain)) return 'must not be your e-mail address or username';
  if (await isFrequentPassword(password)) return 'must not be a password that many people use, nor one with a few characters added';
  return undefined;
}

function comparable(text: string): string {
  return text.normalize('NFKC').toLowerCase().trim();
}
