import { TestLethe } from '../app.js';
import { PUBLIC_URL } from './federated-browser.js';

/** Settings under which people sign in through providers, and may sign up. */
export const FEDERATION_SETTINGS = {
  LETHE_PUBLIC_URL: PUBLIC_URL,
  LETHE_SIGN_UP: 'open',
  // Each test's browsers come from addresses of their own.
  LETHE_TRUSTED_PROXIES: '127.0.0.0/8',
};

/** An installation for the tests of federation. */
export function startFederation(environment: Readonly<Record<string, string>> = {}): Promise<TestLethe> {
  return TestLethe.start({ environment: { ...FEDERATION_SETTINGS, ...environment } });
}

export interface MadeProvider {
  readonly id: string;
  readonly callbackUrl: string;
}

/** Asks the admin API of the installation. */
export async function admin<T>(lethe: TestLethe, method: string, path: string, body?: unknown): Promise<{ status: number; body: T }> {
  const response = await fetch(`${lethe.url}/admin/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${lethe.operatorToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: (text === '' ? {} : JSON.parse(text)) as T };
}

let made = 0;

/** One of the installation's providers, an OpenID Connect one unless told otherwise. */
export async function makeProvider(lethe: TestLethe, wanted: Readonly<Record<string, unknown>>): Promise<MadeProvider> {
  made += 1;
  const body = { name: `provider ${made}`, kind: 'oidc', clientId: 'lethe', clientSecret: 'a secret of the tests', ...wanted };
  const answer = await admin<MadeProvider>(lethe, 'POST', '/identity-providers', body);
  if (answer.status !== 201) throw new Error(`no provider: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}
