// A person as the demo plays one: reads the mails of a development installation, and asks as a browser does, with cookies and the CSRF token.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Installation } from './installation.ts';

const MAIL_MS = 30_000;

export class Person {
  readonly email: string;
  readonly #lethe: Installation;
  readonly #cookies = new Map<string, string>();
  readonly #read = new Set<string>();
  #csrfToken: string | undefined;

  constructor(lethe: Installation, email: string) {
    this.#lethe = lethe;
    this.email = email;
  }

  /** Asks the API. Throws when the answer is no success. */
  async ask<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T> {
    const { url } = this.#lethe.bootstrap;
    const answer = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: {
        origin: url,
        cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(this.#csrfToken === undefined ? {} : { 'x-csrf-token': this.#csrfToken }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      this.#cookies.set(name, value);
    }
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
    const told = (text === '' ? {} : JSON.parse(text)) as T & { csrfToken?: string };
    if (told.csrfToken !== undefined) this.#csrfToken = told.csrfToken;
    return told;
  }

  /** The secret at the end of the link in the next mail to this person. */
  async mailedSecret(): Promise<string> {
    const folder = join(this.#lethe.dataDirectory, 'outbox-mail');
    const deadline = performance.now() + MAIL_MS;
    while (performance.now() < deadline) {
      const names = await readdir(folder).catch((): string[] => []);
      // Their names are ids, which sort by time.
      for (const name of names.sort((a, b) => (a < b ? -1 : 1))) {
        const mail = this.#read.has(name) ? '' : await readFile(join(folder, name), 'utf8');
        if (!mail.startsWith(`To: ${this.email}\n`)) continue;
        this.#read.add(name);
        const [, secret] = /https?:\/\/\S+?[/=]([A-Za-z0-9_-]{43})(?=\s|$)/m.exec(mail) ?? [];
        if (secret !== undefined) return secret;
      }
      await sleep(100);
    }
    throw new Error(`no mail with a link came for ${this.email}`);
  }
}
