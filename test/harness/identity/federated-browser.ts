import { Browser } from '../accounts.js';

/** Where people reach the installation of a test, by the name providers know. The browser knows the way. */
export const PUBLIC_URL = 'http://lethe.test';

export interface Page {
  readonly status: number;
  /** Where the browser is. */
  readonly url: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const MAX_REDIRECTS = 20;

let strangers = 0;

/** A browser that goes from Lethe to a provider and back, with the cookies of each. */
export class FederatedBrowser {
  private readonly jars = new Map<string, Map<string, string>>();

  constructor(readonly lethe: Browser) {}

  /** Coming from an address of its own, as long as the installation trusts this machine as a proxy. */
  static at(url: string): FederatedBrowser {
    strangers += 1;
    return new FederatedBrowser(new Browser(url, { 'x-forwarded-for': `198.51.${strangers >> 8}.${strangers & 255}` }));
  }

  /** Begins a sign-in; answers where to go. */
  async start(providerId: string, body: object = {}): Promise<string> {
    const { status, body: answer } = await this.lethe.post(`/sign-in/providers/${providerId}/start`, body);
    if (status !== 200) throw new Error(`could not begin: ${status} ${JSON.stringify(answer)}`);
    return String(answer['authorisationUrl']);
  }

  /** The whole way there and back. */
  async signIn(providerId: string, body: object = {}): Promise<Page> {
    return this.visit(await this.walk(await this.start(providerId, body)));
  }

  /** Goes through everything at the provider; answers the address of Lethe it is sent back to, without going there. */
  async walk(address: string): Promise<string> {
    let url = address;
    for (let hops = 0; hops < MAX_REDIRECTS; hops += 1) {
      const response = await this.fetch(url);
      await response.arrayBuffer();
      const location = response.headers.get('location');
      if (location === null) throw new Error(`the provider stopped at ${new URL(url).pathname} with ${response.status}`);
      url = new URL(location, url).href;
      if (url.startsWith(PUBLIC_URL)) return url;
    }
    throw new Error('the provider sends the browser round in circles');
  }

  /** Opens an address of Lethe. Says where that leads, and does not go there. */
  async visit(address: string): Promise<Page> {
    const url = new URL(address);
    const { status, headers, body } = await this.lethe.get(`${url.pathname.replace('/api/v1', '')}${url.search}`);
    return { status, url: new URL(headers.get('location') ?? url.pathname, PUBLIC_URL).href, body };
  }

  private async fetch(url: string): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.jars.get(origin) ?? new Map<string, string>();
    this.jars.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, { redirect: 'manual', headers: cookie === '' ? {} : { cookie } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';');
      const name = pair.slice(0, pair.indexOf('='));
      const value = pair.slice(pair.indexOf('=') + 1);
      if (value === '') jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }
}
