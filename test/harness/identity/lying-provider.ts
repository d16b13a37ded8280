import { createSign, generateKeyPairSync, type KeyObject, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { receivedBody } from '../received-body.js';

export type Claims = Readonly<Record<string, unknown>>;

/** A pair of RSA keys, and what a key set shows of it. */
export class SigningKey {
  private readonly pair = generateKeyPairSync('rsa', { modulusLength: 2048 });

  constructor(readonly kid: string) {}

  get jwk(): object {
    return { ...this.pair.publicKey.export({ format: 'jwk' }), kid: this.kid, use: 'sig', alg: 'RS256' };
  }

  sign(claims: Claims, header: Claims = {}): string {
    return jwt({ alg: 'RS256', kid: this.kid, typ: 'JWT', ...header }, claims, this.pair.privateKey);
  }
}

/** A JSON Web Token; without a key with an empty signature. */
export function jwt(header: Claims, claims: Claims, key: KeyObject | null): string {
  const encode = (part: Claims): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${key === null ? '' : createSign('RSA-SHA256').update(signed).sign(key).toString('base64url')}`;
}

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void | Promise<void>;

/** A provider that answers whatever a test wants: honest until told otherwise. Speaks OpenID Connect, and OAuth 2.0 with a profile of its own. */
export class LyingProvider {
  readonly key = new SigningKey('honest');
  /** Claims of the next ID token, over the honest ones. */
  claims: Claims = {};
  /** Makes the next ID token out of the claims that were to be in it. */
  makeIdToken: (claims: Claims) => string = (claims) => this.key.sign(claims);
  /** Over the honest answer of the token endpoint. */
  tokenAnswer: Claims = {};
  /** What the profile endpoint answers. */
  profile: Claims = {};
  /** Over the honest discovery document. */
  metadata: Claims = {};
  /** Answers a path in place of the honest answer. */
  readonly overrides = new Map<string, Handler>();
  /** Parameters added to the address the browser is sent back to; null takes one away. */
  callback: Readonly<Record<string, string | null>> = {};
  /** Every request it got: method and path. */
  readonly requests: string[] = [];
  /** What each code was asked for with. */
  private readonly asked = new Map<string, URLSearchParams>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async start(): Promise<LyingProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new LyingProvider(server);
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Honest again. */
  repent(): void {
    this.claims = {};
    this.tokenAnswer = {};
    this.makeIdToken = (claims) => this.key.sign(claims);
    this.metadata = {};
    this.callback = {};
    this.overrides.clear();
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.issuer);
    this.requests.push(`${request.method} ${url.pathname}`);
    const body = (await receivedBody(request))?.toString('utf8');
    if (body === undefined) return;
    const override = this.overrides.get(url.pathname);
    if (override) return override(request, response, body);
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, this.discovery());
      case '/jwks':
        return json(response, { keys: [this.key.jwk] });
      case '/authorize':
        return this.authorise(url, response);
      case '/token':
        return json(response, { ...this.tokens(new URLSearchParams(body)), ...this.tokenAnswer });
      case '/profile':
        return json(response, this.profile);
      default:
        response.writeHead(404).end();
    }
  }

  private discovery(): Claims {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      jwks_uri: `${this.issuer}/jwks`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
      ...this.metadata,
    };
  }

  private authorise({ searchParams }: URL, response: ServerResponse): void {
    const back = new URL(searchParams.get('redirect_uri') ?? '');
    const code = randomUUID();
    this.asked.set(code, searchParams);
    for (const [name, value] of Object.entries({ code, state: searchParams.get('state'), iss: this.issuer, ...this.callback })) {
      if (value !== null) back.searchParams.set(name, value);
    }
    response.writeHead(302, { location: back.href }).end();
  }

  private tokens(form: URLSearchParams): Claims {
    const asked = this.asked.get(form.get('code') ?? '');
    const tokens = { access_token: 'token', token_type: 'Bearer', expires_in: 60 };
    if (!asked?.get('scope')?.includes('openid')) return tokens;
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const honest = {
      iss: this.issuer,
      aud: 'lethe',
      sub: 'mallory',
      nonce: asked?.get('nonce') ?? undefined,
      iat: nowSeconds,
      exp: nowSeconds + 60,
    };
    return { ...tokens, id_token: this.makeIdToken({ ...honest, ...this.claims }) };
  }
}

export function json(response: ServerResponse, body: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
