import { mixesScripts } from './mixed-scripts.js';

/** Letters and digits of any script, with single dots, hyphens and underscores inside. No @, so that a username is never an e-mail address. */
const USERNAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}]|[._-](?=[\p{L}\p{N}]))*$/u;
const SHORTEST = 3;
const LONGEST = 40;

export interface Username {
  readonly written: string;
  /** NFKC and lower case: how usernames are compared. */
  readonly normal: string;
}

/** What is wrong with a username, as a sentence that follows the field's name; or the username. */
export function readUsername(text: string): Username | { readonly problem: string } {
  const tooLong = { problem: `must have ${SHORTEST} to ${LONGEST} characters` };
  if (text.length > LONGEST * 2) return tooLong;
  const written = text.normalize('NFKC');
  const normal = written.toLowerCase().normalize('NFKC');
  const length = Array.from(written).length;
  if (length < SHORTEST || length > LONGEST) return tooLong;
  if (!USERNAME.test(written) || !USERNAME.test(normal)) {
    return { problem: 'must be letters and digits, with single dots, hyphens and underscores between them' };
  }
  if (mixesScripts(normal)) return { problem: 'must not mix letters of different scripts, which could be taken for another name' };
  return { written, normal };
}
