import { createSign, generateKeyPairSync } from 'node:crypto';
import { jsonReply, type StandInReply } from './stand-in-reply.js';

/** Somebody who has an account at the provider, and what it hands out in their name. */
export interface OpenIdPerson {
  /** What the provider says of them, with `sub`; it may say something else from one day to the next. */
  claims: Readonly<Record<string, unknown>> & { readonly sub: string };
  readonly code: string;
  readonly accessToken: string;
  readonly refreshToken: string;
}

const KEY_ID = 'canary';
const TOKEN_SECONDS = 300;
const NOT_FOUND: StandInReply = { status: 404, headers: {}, body: '' };

/**
 * An OpenID provider: discovery, authorization code flow and refresh tokens (OpenID Connect Core 1.0 §3.1, §12). Whoever is sent to it is
 * `signsIn`, and agrees to everything; it takes every client for the right one, which the specs of federation do not.
 */
export class OpenIdProvider {
  signsIn: OpenIdPerson | null = null;
  /** Who has been here, and what they were last asked for with. */
  private readonly visits = new Map<OpenIdPerson, { readonly clientId: string; readonly nonce: string }>();
  private readonly keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

  constructor(readonly issuer: string) {}

  /** `path` below the issuer, with its query. */
  answer(path: string, body: Buffer, authorization: string): StandInReply {
    const { pathname, searchParams } = new URL(path, 'http://provider');
    switch (pathname) {
      case '/.well-known/openid-configuration':
        return jsonReply(this.configuration());
      case '/keys':
        return jsonReply({ keys: [{ ...this.keys.publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig', alg: 'RS256' }] });
      case '/authorize':
        return this.authorise(searchParams);
      case '/token':
        return this.tokens(new URLSearchParams(body.toString('utf8')));
      case '/userinfo':
        return this.userInfo(authorization);
      default:
        return NOT_FOUND;
    }
  }

  private configuration(): object {
    return {
      issuer: this.issuer,
      authorization_endpoint: `${this.issuer}/authorize`,
      token_endpoint: `${this.issuer}/token`,
      userinfo_endpoint: `${this.issuer}/userinfo`,
      jwks_uri: `${this.issuer}/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
      authorization_response_iss_parameter_supported: true,
    };
  }

  private authorise(asked: URLSearchParams): StandInReply {
    const person = this.signsIn;
    if (person === null) return NOT_FOUND;
    this.visits.set(person, { clientId: asked.get('client_id') ?? '', nonce: asked.get('nonce') ?? '' });
    const back = new URL(asked.get('redirect_uri') ?? '');
    back.search = new URLSearchParams({ code: person.code, state: asked.get('state') ?? '', iss: this.issuer }).toString();
    return { status: 302, headers: { location: back.href }, body: '' };
  }

  private tokens(form: URLSearchParams): StandInReply {
    const isRefresh = form.get('grant_type') === 'refresh_token';
    const given = form.get(isRefresh ? 'refresh_token' : 'code');
    const visit = [...this.visits].find(([{ code, refreshToken }]) => given === (isRefresh ? refreshToken : code));
    if (visit === undefined) return { ...jsonReply({ error: 'invalid_grant' }), status: 400 };
    const [person, { clientId, nonce }] = visit;
    // Whoever checks the token goes by real time.
    const nowSeconds = Math.floor(Date.now() / 1000);
    const about = { iss: this.issuer, aud: clientId, iat: nowSeconds, exp: nowSeconds + TOKEN_SECONDS, ...(isRefresh ? {} : { nonce }) };
    return jsonReply({
      access_token: person.accessToken,
      token_type: 'Bearer',
      expires_in: TOKEN_SECONDS,
      refresh_token: person.refreshToken,
      id_token: this.signed({ ...person.claims, ...about }),
    });
  }

  private userInfo(authorization: string): StandInReply {
    const person = [...this.visits.keys()].find(({ accessToken }) => authorization === `Bearer ${accessToken}`);
    return person === undefined ? NOT_FOUND : jsonReply(person.claims);
  }

  /** A JSON Web Token (RFC 7519). */
  private signed(claims: object): string {
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
    const text = `${encode({ alg: 'RS256', kid: KEY_ID, typ: 'JWT' })}.${encode(claims)}`;
    return `${text}.${createSign('RSA-SHA256').update(text).sign(this.keys.privateKey).toString('base64url')}`;
  }
}
