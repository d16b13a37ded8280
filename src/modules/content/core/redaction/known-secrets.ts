import type { FindingSink } from './findings.ts';

/** Shorter ones would be found in ordinary words. */
const SHORTEST = 8;
const MOST = 64;

/**
 * Searches for the very secrets Lethe knows: the upstream's keys and the caller's own. As they are, and as they stand in a URL, in
 * hexadecimal, and inside base64 at each of its three alignments. JSON escapes are undone by the layers above.
 */
export class KnownSecrets {
  private readonly forms: readonly string[];

  constructor(secrets: readonly string[]) {
    const usable = secrets.filter((secret) => secret.length >= SHORTEST).slice(0, MOST);
    this.forms = [...new Set(usable.flatMap(formsOf))];
  }

  scan(text: string, sink: FindingSink): void {
    for (const form of this.forms) {
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length)) sink.add(at, at + form.length, 'known_secret');
    }
  }
}

function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  const url = encodeURIComponent(secret);
  const hexadecimal = bytes.toString('hex');
  const forms = [secret, url, url.toLowerCase(), hexadecimal, hexadecimal.toUpperCase(), JSON.stringify(secret).slice(1, -1)];
  for (const shift of [0, 1, 2]) forms.push(...base64At(bytes, shift));
  return forms.filter((form) => form.length >= SHORTEST);
}

/** The characters of base64 that the secret alone decides, when `shift` bytes stand before it in its group of three. */
function base64At(bytes: Buffer, shift: number): string[] {
  const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
  const first = shift === 0 ? 0 : shift + 1;
  const last = Math.floor((padded.length * 8) / 6);
  return [padded.toString('base64').slice(first, last), padded.toString('base64url').slice(first, last)];
}
