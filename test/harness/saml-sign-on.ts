// Sign-in by SAML as the parties of it see it: an organisation with a proven domain, its identity provider, and what browsers carry between the two.
import { expect } from 'vitest';
import { Browser, type BrowserAnswer } from './accounts.js';
import { TestLethe, type TestTenant } from './app.js';
import { type SamlForm, TestIdentityProvider } from './saml-identity-provider.js';
import { proveDomain } from './scim.js';

/** A SAML provider as the API shows it. */
export interface SamlProviderView extends Record<string, unknown> {
  readonly id: string;
  readonly audience: string;
  readonly consumerUrl: string;
  readonly signsRequests: boolean;
  readonly certificates: readonly { readonly fingerprint: string; readonly state: string }[];
}

let started = 0;

/** A running Lethe, and an organisation whose people sign in through an identity provider of its own. */
export class SamlSignOn {
  private constructor(
    readonly lethe: TestLethe,
    readonly tenant: TestTenant,
    readonly domain: string,
    readonly idp: TestIdentityProvider,
  ) {}

  /** Where the organisation's SAML providers are, below `/api/v1`. */
  get providers(): string {
    return `/organisations/${this.tenant.organisationId}/saml-providers`;
  }

  static async start(): Promise<SamlSignOn> {
    // The address browsers are sent to is part of every answer, so it has to be known before the process is.
    const port = 20_000 + ((process.pid + 10_000 * started++) % 20_000);
    const lethe = await TestLethe.start({ environment: { LETHE_PORT: String(port), LETHE_PUBLIC_URL: `http://127.0.0.1:${port}` } });
    const tenant = await lethe.tenant({ route: false });
    const domain = `saml${tenant.organisationId.slice(-8)}.test`;
    await proveDomain(lethe, tenant.organisationId, domain);
    return new SamlSignOn(lethe, tenant, domain, await TestIdentityProvider.start());
  }

  async stop(): Promise<void> {
    await this.idp.close();
    await this.lethe.stop();
  }

  /** Sets a provider up, and tells it about Lethe. */
  async connect(at: TestIdentityProvider, body: Readonly<Record<string, unknown>>): Promise<SamlProviderView> {
    const made = await this.lethe.api<SamlProviderView>('POST', this.providers, body);
    expect(made).toMatchObject({ status: 201 });
    at.trust(await (await fetch(made.body.audience)).text());
    return made.body;
  }

  /** Begins in a browser and lets the identity provider answer. */
  async begin(browser: Browser, provider: SamlProviderView, idp = this.idp): Promise<SamlForm> {
    const started = await browser.post<{ authorisationUrl: string }>(`/sign-in/saml/${provider.id}/start`, { returnPath: '/welcome' });
    expect(started.status).toBe(200);
    return idp.visit(started.body.authorisationUrl);
  }

  /** The page of the identity provider sends its form: another site's, so no cookie goes along. */
  async post(
    { action, samlResponse }: SamlForm,
    relayState?: string,
  ): Promise<{ status: number; location: string; body: Record<string, unknown> }> {
    const form = new URLSearchParams({ SAMLResponse: samlResponse, ...(relayState === undefined ? {} : { RelayState: relayState }) });
    const response = await fetch(action, {
      method: 'POST',
      body: form,
      redirect: 'manual',
      headers: { origin: this.idp.url, 'sec-fetch-site': 'cross-site' },
    });
    const text = await response.text();
    expect(response.headers.getSetCookie()).toEqual([]);
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      body: (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>,
    };
  }

  finish(browser: Browser, location: string): Promise<BrowserAnswer> {
    return browser.send('GET', location.slice(this.lethe.url.length));
  }

  async signInThrough(
    provider: SamlProviderView,
    nameId: string,
    browser = new Browser(this.lethe.url),
  ): Promise<{ browser: Browser; status: number; location: string | null }> {
    this.idp.nameId = nameId;
    const { location } = await this.post(await this.begin(browser, provider));
    const answer = await this.finish(browser, location);
    return { browser, status: answer.status, location: answer.headers.get('location') };
  }
}
