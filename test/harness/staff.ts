import { expect } from 'vitest';
import type { OperatorId } from '../../src/kernel/ids.js';
import type { StaffRole } from '../../src/platform/http/staff-roles.js';
import { Browser, type BrowserAnswer, type Person, signUp } from './accounts.js';
import type { TestLethe } from './app.js';
import { type AuthenticatorApp, enrolApp, type SteerableClock } from './authenticator-app.js';

let recruited = 0;

export interface AdminAnswer<T = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A call below `/admin/v1` with an operator token. `headers` go on top; `url` is another address than the public one. */
export async function admin<T = Record<string, unknown>>(
  test: TestLethe,
  call: {
    readonly method?: string;
    readonly path: string;
    readonly body?: unknown;
    readonly token?: string | null;
    readonly headers?: Readonly<Record<string, string>>;
    readonly url?: string;
  },
): Promise<AdminAnswer<T>> {
  const token = call.token === undefined ? test.operatorToken : call.token;
  const response = await fetch(`${call.url ?? test.url}/admin/v1${call.path}`, {
    method: call.method ?? 'GET',
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
    },
    ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === '' ? {} : JSON.parse(text)) as T };
}

/** A member of staff with an account and an authenticator app, signed in and not on duty. */
export class StaffMember {
  constructor(
    readonly operatorId: OperatorId,
    readonly person: Person,
    readonly app: AuthenticatorApp,
    private readonly clock: SteerableClock,
  ) {}

  get browser(): Browser {
    return this.person.browser;
  }

  send<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<BrowserAnswer<T>> {
    return this.browser.send<T>(method, path, body);
  }

  /** Shows a fresh code of the app, as a step-up. */
  async stepUp(): Promise<void> {
    this.clock.advance(30_000);
    expect(await this.browser.post('/sign-in/second-factor/totp', { code: this.app.code() })).toMatchObject({ status: 200 });
  }

  async beginDuty(): Promise<BrowserAnswer> {
    return this.send('POST', '/admin/v1/duty');
  }

  openBreakGlass(organisationId: string, more: Readonly<Record<string, unknown>> = {}): Promise<BrowserAnswer<{ id: string }>> {
    const body = { organisationId, reason: 'customer_request', ticket: 'SUP-1234', minutes: 30, ...more };
    return this.send<{ id: string }>('POST', '/admin/v1/break-glass', body);
  }

  /** The same session, talking to another address. */
  elsewhere(url: string, headers: Readonly<Record<string, string>> = {}): Browser {
    const moved = new Browser(url, headers);
    for (const [name, value] of this.browser.cookies) moved.cookies.set(name, value);
    moved.csrfToken = this.browser.csrfToken;
    return moved;
  }
}

/** Adds a member of staff, invites a new account to take the place, and has it set up an authenticator app. */
export async function recruit(test: TestLethe, clock: SteerableClock, role: StaffRole): Promise<StaffMember> {
  recruited += 1;
  const added = await admin<{ id: OperatorId }>(test, {
    method: 'POST',
    path: '/staff',
    body: { name: `${role} ${recruited} ${Math.random().toString(36).slice(2)}`, role },
  });
  expect(added.status).toBe(201);
  const invited = await admin<{ invitation: string }>(test, { method: 'POST', path: `/staff/${added.body.id}/invitation` });
  expect(invited.status).toBe(201);
  const person = await signUp(test.lethe);
  const { app } = await enrolApp(person, clock);
  const accepted = await person.browser.send('POST', '/admin/v1/staff-invitations/accept', { invitation: invited.body.invitation });
  expect(accepted).toMatchObject({ status: 200, body: { id: added.body.id, accountId: person.accountId } });
  return new StaffMember(added.body.id, person, app, clock);
}
