/** The admin API, asked by an operator's token. */
export class OperatorApi {
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  /** `path` from the root. Throws unless the answer is a success; what it quotes of the answer is our own error text. */
  async ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text.slice(0, 500)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  /** Asks for what must be refused, and answers the status. */
  async attempt(method: string, path: string): Promise<number> {
    const response = await fetch(`${this.url}${path}`, { method, headers: { authorization: `Bearer ${this.token}` } });
    await response.arrayBuffer();
    return response.status;
  }

  /** The answer as it is, whatever it is: for looking whether a word is in it. */
  async text(path: string): Promise<string> {
    const response = await fetch(`${this.url}${path}`, { headers: { authorization: `Bearer ${this.token}` } });
    return response.text();
  }
}
