import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type CDPSession, chromium, type Page } from 'playwright-core';

const PROGRAM = '/usr/bin/chromium';
/** Nothing of this leaves the machine, and nothing is left on it. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What is missing for tests in a real browser, or nothing. */
export const missingBrowser = existsSync(PROGRAM) ? '' : PROGRAM;

/** A headless Chromium with a blank page of `origin`, and an authenticator that says yes to everything. */
export class ChromiumPage {
  private constructor(
    readonly page: Page,
    readonly context: BrowserContext,
    private readonly session: CDPSession,
    private readonly profile: string,
  ) {}

  static async open(origin: string): Promise<ChromiumPage> {
    const profile = mkdtempSync(join(tmpdir(), 'lethe-chromium-'));
    const context = await chromium.launchPersistentContext(profile, { executablePath: PROGRAM, headless: true, args: FLAGS });
    const page = await context.newPage();
    // The console is not ours to serve: a blank page of the same origin stands in for it, everything else reaches the server.
    await page.route(`${origin}/`, (route) => route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>Test</title>' }));
    await page.goto(`${origin}/`);
    const session = await context.newCDPSession(page);
    await session.send('WebAuthn.enable');
    return new ChromiumPage(page, context, session, profile);
  }

  /** Plugs in a platform authenticator that knows its user; answers with its id. */
  async plugIn(): Promise<string> {
    const { authenticatorId } = await this.session.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return authenticatorId;
  }

  /** Puts an earlier copy of the one key in an authenticator in its place: the same secret, its counter back at `signCount`. */
  async turnBack(authenticatorId: string, signCount: number): Promise<void> {
    const { credentials } = await this.session.send('WebAuthn.getCredentials', { authenticatorId });
    const [credential] = credentials;
    if (!credential) throw new Error('the authenticator holds no key');
    await this.session.send('WebAuthn.removeCredential', { authenticatorId, credentialId: credential.credentialId });
    await this.session.send('WebAuthn.addCredential', { authenticatorId, credential: { ...credential, signCount } });
  }

  /** Sends a request as the page would, with the cookies the browser has for the origin. `path` below `/api/v1`. */
  call(
    method: string,
    path: string,
    body?: unknown,
    csrfToken?: string,
  ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    return this.page.evaluate(callFromPage, { method, path, body, csrfToken });
  }

  /** Hands options to the browser's `navigator.credentials` and answers with what it made of them. */
  ask(ceremony: 'create' | 'get', options: unknown): Promise<Record<string, unknown>> {
    return this.page.evaluate(askFromPage, { ceremony, options });
  }

  async close(): Promise<void> {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  }
}

interface PageCall {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
  readonly csrfToken: string | undefined;
}

/** Runs in the page. */
async function callFromPage({ method, path, body, csrfToken }: PageCall): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`/api/v1${path}`, {
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(csrfToken === undefined ? {} : { 'x-csrf-token': csrfToken }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
}

/** What of the page's own globals is used; the tests are compiled for Node, which has none of it. */
interface PageGlobals {
  readonly PublicKeyCredential: {
    parseCreationOptionsFromJSON(options: unknown): unknown;
    parseRequestOptionsFromJSON(options: unknown): unknown;
  };
  readonly navigator: {
    readonly credentials: Record<'create' | 'get', (options: { publicKey: unknown }) => Promise<{ toJSON(): Record<string, unknown> }>>;
  };
}

/** Runs in the page. */
async function askFromPage(asked: { ceremony: 'create' | 'get'; options: unknown }): Promise<Record<string, unknown>> {
  const { PublicKeyCredential, navigator } = globalThis as unknown as PageGlobals;
  const publicKey =
    asked.ceremony === 'create'
      ? PublicKeyCredential.parseCreationOptionsFromJSON(asked.options)
      : PublicKeyCredential.parseRequestOptionsFromJSON(asked.options);
  return (await navigator.credentials[asked.ceremony]({ publicKey })).toJSON();
}
