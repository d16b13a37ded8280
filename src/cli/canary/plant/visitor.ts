/** What people's own addresses begin with. */
export const BASE_PATH = '/api/v1';

/** A browser as far as Lethe can tell: it keeps cookies and sends back the CSRF token it was given. */
export class Visitor {
  private readonly cookies = new Map<string, string>();
  private csrfToken: string | null = null;

  constructor(
    private readonly url: string,
    /** Sent with every request. */
    private readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** `path` below {@link BASE_PATH}. Answers the status and what was said. */
  async send(method: string, path: string, body?: unknown): Promise<{ readonly status: number; readonly text: string }> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(this.url + BASE_PATH + path, {
      method,
      redirect: 'manual',
      headers: {
        origin: this.url,
        ...(cookie === '' ? {} : { cookie }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(this.csrfToken === null ? {} : { 'x-csrf-token': this.csrfToken }),
        ...this.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const line of response.headers.getSetCookie()) this.keep(line);
    const text = await response.text();
    this.csrfToken = /"csrfToken":"([^"]+)"/.exec(text)?.[1] ?? this.csrfToken;
    return { status: response.status, text };
  }

  /** The same, and throws unless it is a success. */
  async ask(method: string, path: string, body?: unknown): Promise<string> {
    const { status, text } = await this.send(method, path, body);
    if (status > 299) throw new Error(`${method} ${path} was answered ${status}: ${text.slice(0, 500)}`);
    return text;
  }

  /** Sends on a form that a page of another site holds: no cookie goes along. Answers where the browser is sent. */
  async postFrom(origin: string, path: string, fields: Readonly<Record<string, string>>): Promise<string> {
    const response = await fetch(this.url + BASE_PATH + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin, 'sec-fetch-site': 'cross-site', ...this.headers },
      body: new URLSearchParams(fields),
    });
    const text = await response.text();
    const location = response.headers.get('location');
    if (location === null) throw new Error(`a form sent to ${path} was answered ${response.status}: ${text.slice(0, 500)}`);
    return location;
  }

  /** What the browser holds and nobody else should. */
  secrets(): string[] {
    return [...this.cookies.values(), ...(this.csrfToken === null ? [] : [this.csrfToken])].filter((value) => value.length >= 32);
  }

  private keep(line: string): void {
    const [pair = ''] = line.split(';');
    const equals = pair.indexOf('=');
    const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)];
    if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name);
    else this.cookies.set(name, value);
  }
}
