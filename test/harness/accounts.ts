import type { Lethe } from '../../src/app/lethe.js';
import type { AccountId } from '../../src/kernel/ids.js';
import { Accounts, type NewAccount, SignIn, type SignInMethod } from '../../src/modules/accounts/accounts.contract.js';
import { UnitOfWork } from '../../src/platform/database/unit-of-work.js';
import { SESSION_COOKIE } from '../../src/platform/http/cookies.js';

const ACTOR = { kind: 'system', id: 'test' } as const;

let people = 0;

export interface BrowserAnswer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A browser as far as Lethe can tell: keeps cookies, says where its requests come from, sends the CSRF token it was given. */
export class Browser {
  readonly cookies = new Map<string, string>();
  /** Every `Set-Cookie` line it was sent. */
  readonly received: string[] = [];
  csrfToken: string | null = null;

  constructor(
    readonly url: string,
    /** Sent with every request, over the browser's own. */
    private readonly headers: Readonly<Record<string, string>> = {},
  ) {}

  /** `path` below `/api/v1`. */
  request<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<BrowserAnswer<T>> {
    return this.send<T>(method, `/api/v1${path}`, body, headers);
  }

  /** `path` from the root. */
  async send<T = Record<string, unknown>>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<BrowserAnswer<T>> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
        origin: this.url,
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.csrfToken === null ? {} : { 'x-csrf-token': this.csrfToken }),
        ...this.headers,
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '');
    const answer = (text === '' || !isJson ? {} : JSON.parse(text)) as T & { csrfToken?: unknown };
    if (typeof answer.csrfToken === 'string') this.csrfToken = answer.csrfToken;
    return { status: response.status, headers: response.headers, body: answer };
  }

  get<T = Record<string, unknown>>(path: string, headers?: Readonly<Record<string, string>>): Promise<BrowserAnswer<T>> {
    return this.request<T>('GET', path, undefined, headers);
  }

  post<T = Record<string, unknown>>(
    path: string,
    body: unknown = {},
    headers?: Readonly<Record<string, string>>,
  ): Promise<BrowserAnswer<T>> {
    return this.request<T>('POST', path, body, headers);
  }

  private keep(line: string): void {
    this.received.push(line);
    const [pair = ''] = line.split(';');
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}

/** A person with an account, and the browser they are signed in with. */
export interface Person {
  readonly accountId: AccountId;
  readonly email: string;
  readonly browser: Browser;
}

export interface PersonOptions extends Partial<NewAccount> {
  readonly method?: SignInMethod;
  readonly secondFactorDone?: boolean;
}

/** An account made past sign-up and its mails, signed in. `lethe` is a running one: `TestLethe.lethe`. */
export async function signUp(lethe: Lethe, options: PersonOptions = {}): Promise<Person> {
  people += 1;
  const { method, secondFactorDone, ...wanted } = options;
  const email = wanted.email ?? `person-${people}-${Math.random().toString(36).slice(2)}@example.com`;
  const person: NewAccount = {
    emailVerified: true,
    username: null,
    displayName: `Person ${people}`,
    locale: 'en',
    attestedAge: 16,
    ...wanted,
    email,
  };
  const account = await lethe.get(UnitOfWork).asSystem((tx) => lethe.get(Accounts).create(tx, person, ACTOR));
  const how = { method: method ?? 'email_link', secondFactorDone: secondFactorDone ?? false } as const;
  return { accountId: account.id, email, browser: await signIn(lethe, account.id, how) };
}

/** One more browser of a person, signed in past every way of signing in. */
export async function signIn(
  lethe: Lethe,
  accountId: AccountId,
  how: { readonly method: SignInMethod; readonly secondFactorDone: boolean } = { method: 'email_link', secondFactorDone: false },
): Promise<Browser> {
  const opened = await lethe.get(SignIn).open(accountId, how, { remoteAddress: '127.0.0.1', userAgent: null });
  const browser = new Browser(lethe.url);
  browser.cookies.set(SESSION_COOKIE, opened.sessionToken);
  browser.csrfToken = opened.csrfToken;
  return browser;
}
