import { Injectable } from '@nestjs/common';
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  Configuration,
  customFetch,
  enableNonRepudiationChecks,
  fetchProtectedResource,
  fetchUserInfo,
  genericGrantRequest,
  getJwksCache,
  None,
  refreshTokenGrant,
  ResponseBodyError,
  type ServerMetadata,
  setJwksCache,
  skipSubjectCheck,
  WWWAuthenticateChallengeError,
} from 'openid-client';
import { assert } from '../../../kernel/assert.js';
import { newSecret } from '../../../kernel/secrets.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { federationErrors } from '../federation.errors.js';
import { answerRefused, isGrantRefused } from './answer-refused.js';
import { type DiscoveredProvider, DiscoveredProviders, isPlain } from './discovered-providers.js';
import { type Claims, type ExternalPerson, externalPerson } from './external-person.js';
import type { FlowSecrets } from './flow-secrets.js';
import type { ClientAuthentication, OAuth2Connection, OidcConnection } from './provider-configuration.js';
import { ProviderHttp } from './provider-http.js';

const TIMEOUT_SECONDS = 10;
/** Longer refresh tokens than any provider gives are not kept. */
const MAX_TOKEN_LENGTH = 8_192;

/** A provider that speaks OAuth 2.0, with or without OpenID Connect. */
export type AuthorizationServer = Extract<Provider, { kind: 'oidc' | 'oauth2' }>;

/** A person, and what allows asking about them again, if the provider gave it and is set up to. */
export interface VerifiedPerson {
  readonly person: ExternalPerson;
  readonly refreshToken: string | null;
}

/** The client's half of a flow: a provider, and the secret it is known by there. */
interface Client {
  readonly configuration: Configuration;
  /** Of an OpenID Connect provider; null for plain OAuth 2.0. */
  readonly discovered: DiscoveredProvider | null;
}

/**
 * The authorization code flow (RFC 6749 §4.1) with PKCE (RFC 7636), state, nonce and the issuer check of RFC 9207, as RFC 9700 asks for. ID tokens
 * are taken only with a valid signature of the issuer's, although they come over TLS.
 */
@Injectable()
export class AuthorizationCodeClient {
  constructor(
    private readonly discovered: DiscoveredProviders,
    private readonly http: ProviderHttp,
  ) {}

  /** Where the browser is sent. Raises `federation/provider_unavailable` and `federation/answer_refused`. */
  async authorisationUrl(provider: AuthorizationServer, redirectUri: string, flow: FlowSecrets): Promise<string> {
    const { configuration } = await this.client(provider, null);
    const { scopes, keepsRefreshToken } = provider.settings;
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      ...(scopes.length > 0 ? { scope: scopes.join(' ') } : {}),
      state: flow.state,
      code_challenge: await calculatePKCECodeChallenge(flow.codeVerifier),
      code_challenge_method: 'S256',
      ...(provider.kind === 'oidc' ? { nonce: flow.nonce } : {}),
      ...(provider.kind === 'oidc' ? hostedDomainHint(provider.settings.hostedDomains) : {}),
      // Google gives a refresh token for this alone; others for a scope, and only when they have asked the person (OpenID Connect Core §11).
      ...(isGoogle(provider) && keepsRefreshToken ? { access_type: 'offline', prompt: 'consent' } : {}),
      ...(scopes.includes('offline_access') ? { prompt: 'consent' } : {}),
    });
    return url.href;
  }

  /**
   * Redeems the code of a callback and says who came. `callback` is the address the provider sent the browser to. Raises `federation/declined`,
   * `federation/answer_refused` and `federation/provider_unavailable`.
   */
  async redeem(provider: AuthorizationServer, secret: string | null, callback: URL, flow: FlowSecrets): Promise<VerifiedPerson> {
    const client = await this.client(provider, secret);
    const checks = { expectedState: flow.state, pkceCodeVerifier: flow.codeVerifier };
    const isOidc = provider.kind === 'oidc';
    const tokens = await authorizationCodeGrant(
      client.configuration,
      callback,
      isOidc ? { ...checks, expectedNonce: flow.nonce, idTokenExpected: true } : checks,
    ).catch(answerRefused);
    this.rememberKeys(client);
    const idToken = isOidc ? (tokens.claims() as Claims | undefined) : undefined;
    assert(!isOidc || idToken !== undefined, 'an OpenID Connect answer without ID token was refused');
    return this.verified(provider, client, { accessToken: tokens.access_token, refreshToken: tokens.refresh_token, idToken });
  }

  /** Asks again about somebody. Null when the provider has taken the grant back. Raises as {@link redeem}. */
  async refresh(
    provider: AuthorizationServer,
    secret: string | null,
    grant: { readonly refreshToken: string; readonly subject: string },
  ): Promise<VerifiedPerson | null> {
    const client = await this.client(provider, secret);
    const tokens = await refreshTokenGrant(client.configuration, grant.refreshToken).catch((error: unknown) =>
      isGrantRefused(error) ? null : answerRefused(error),
    );
    if (tokens === null) return null;
    this.rememberKeys(client);
    const idToken = provider.kind === 'oidc' ? ((tokens.claims() as Claims | undefined) ?? { sub: grant.subject }) : undefined;
    const verified = await this.verified(provider, client, {
      accessToken: tokens.access_token,
      // Without a new one the present one goes on (RFC 6749 §6).
      refreshToken: tokens.refresh_token ?? grant.refreshToken,
      idToken,
    });
    // An answer about somebody else must not change what is known of this person (OpenID Connect Core §12.2).
    if (verified.person.subject !== grant.subject) throw federationErrors.answer_refused({ cause: new Error('another subject') });
    return verified;
  }

  /**
   * Whether the provider takes us for who we say we are, found out by redeeming a code that nobody gave: a client it knows is told that the code is
   * wrong, another that the client is. Null when its answer tells neither. Raises `federation/provider_unavailable`.
   */
  async isKnownClient(provider: AuthorizationServer, secret: string | null, redirectUri: string): Promise<boolean | null> {
    const { configuration } = await this.client(provider, secret);
    const code = newSecret();
    const parameters = { code, redirect_uri: redirectUri, code_verifier: code };
    const said: unknown = await genericGrantRequest(configuration, 'authorization_code', parameters).then(
      () => null,
      (error: unknown) => {
        if (error instanceof ResponseBodyError) return error.error;
        // A client that is not known may be told so by a challenge as well (RFC 6749 §5.2).
        return error instanceof WWWAuthenticateChallengeError && error.status === 401 ? 'invalid_client' : answerRefused(error);
      },
    );
    if (said === 'invalid_grant') return true;
    return said === 'invalid_client' || said === 'unauthorized_client' ? false : null;
  }

  private async verified(
    provider: AuthorizationServer,
    client: Client,
    tokens: { readonly accessToken: string; readonly refreshToken: string | undefined; readonly idToken: Claims | undefined },
  ): Promise<VerifiedPerson> {
    const { settings } = provider;
    const claims =
      provider.kind === 'oidc'
        ? await this.oidcClaims(client, tokens.accessToken, tokens.idToken ?? {})
        : await this.userInfo(provider.connection, client, tokens.accessToken);
    if (provider.kind === 'oidc') checkHostedDomain(provider.settings.hostedDomains, tokens.idToken ?? {}, claims);
    const subjectPath = provider.kind === 'oidc' ? 'sub' : provider.connection.subjectPath;
    const token = tokens.refreshToken;
    const isKept = settings.keepsRefreshToken && token !== undefined && token.length <= MAX_TOKEN_LENGTH;
    return { person: externalPerson(claims, { paths: settings.claims, subjectPath }), refreshToken: isKept ? token : null };
  }

  /** What the signed token says stands above what the user info endpoint adds. */
  private async oidcClaims(client: Client, accessToken: string, idToken: Claims): Promise<Claims> {
    if (client.configuration.serverMetadata().userinfo_endpoint === undefined) return idToken;
    const expected = typeof idToken['sub'] === 'string' ? idToken['sub'] : skipSubjectCheck;
    const userInfo = await fetchUserInfo(client.configuration, accessToken, expected).catch(answerRefused);
    return { ...(userInfo as Claims), ...idToken };
  }

  private async userInfo(connection: OAuth2Connection, client: Client, accessToken: string): Promise<Claims> {
    const headers = new Headers({ accept: 'application/json' });
    const url = new URL(connection.userInfoEndpoint);
    const answer = await fetchProtectedResource(client.configuration, accessToken, url, 'GET', null, headers).catch(answerRefused);
    const body: unknown = answer.status === 200 ? await answer.json().catch(() => null) : null;
    if (typeof body !== 'object' || body === null) throw federationErrors.answer_refused({ cause: new Error('no user info') });
    return body as Claims;
  }

  private async client(provider: AuthorizationServer, secret: string | null): Promise<Client> {
    const { connection } = provider;
    const discovered = provider.kind === 'oidc' ? await this.discovered.of(provider.connection.issuer) : null;
    const metadata = discovered?.metadata ?? plainMetadata(connection as OAuth2Connection);
    const authentication = clientAuthentication(connection.clientAuthentication, secret);
    const configuration = new Configuration(metadata, connection.clientId, {}, authentication);
    configuration.timeout = TIMEOUT_SECONDS;
    configuration[customFetch] = (url, options) => this.http.fetch(url, options);
    if (isPlain((connection as OidcConnection).issuer ?? metadata.token_endpoint ?? '')) allowInsecureRequests(configuration);
    if (discovered !== null) {
      enableNonRepudiationChecks(configuration);
      if (discovered.keys !== undefined) setJwksCache(configuration, discovered.keys);
    }
    return { configuration, discovered };
  }

  private rememberKeys({ configuration, discovered }: Client): void {
    if (discovered !== null) discovered.keys = getJwksCache(configuration) ?? discovered.keys;
  }
}

function isGoogle(provider: AuthorizationServer): boolean {
  return provider.kind === 'oidc' && provider.connection.preset === 'google';
}

function hostedDomainHint([only, ...others]: readonly string[]): { readonly hd?: string } {
  return only !== undefined && others.length === 0 ? { hd: only } : {};
}

/** The hint in the request can be changed by whoever sits in front of the browser; the claim of the signed token cannot. */
function checkHostedDomain(hostedDomains: readonly string[], idToken: Claims, claims: Claims): void {
  if (hostedDomains.length === 0) return;
  const domain = idToken['hd'] ?? claims['hd'];
  if (typeof domain !== 'string' || !hostedDomains.includes(domain.toLowerCase())) throw federationErrors.domain_not_admitted();
}

function plainMetadata(connection: OAuth2Connection): ServerMetadata {
  const { issuer, authorizationEndpoint, tokenEndpoint } = connection;
  return {
    issuer: issuer ?? new URL(authorizationEndpoint).origin,
    authorization_endpoint: authorizationEndpoint,
    token_endpoint: tokenEndpoint,
    // With a name to compare, an answer without one is refused as well as one with another (RFC 9207 §2.4).
    authorization_response_iss_parameter_supported: issuer !== null,
  };
}

/** Only a redemption needs the secret: what goes through the browser never does. */
function clientAuthentication(kind: ClientAuthentication, secret: string | null): ClientAuth {
  if (kind === 'none' || secret === null) return None();
  return kind === 'client_secret_basic' ? ClientSecretBasic(secret) : ClientSecretPost(secret);
}
