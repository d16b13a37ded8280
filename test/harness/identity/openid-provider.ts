import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPairSync } from 'node:crypto';
import Provider, { type AccountClaims, type ClientMetadata } from 'oidc-provider';

/** What the provider knows of somebody, as claims. */
export type Subject = Readonly<Record<string, unknown>>;

export interface ClientOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where it may send browsers back to. */
  readonly redirectUri: string;
}

/** A certified OpenID provider (`oidc-provider`) on this machine, where whoever is asked to sign in is `signsIn` and agrees to everything. */
export class OpenIdProvider {
  /** Who sits in front of the browser. */
  signsIn = 'alice';
  /** Declines instead of signing in. */
  declines = false;
  readonly people = new Map<string, Subject>();
  private provider: Provider | null = null;
  private readonly privateKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.answer(request, response));
  }

  static async start(): Promise<OpenIdProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new OpenIdProvider(server);
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** Makes these its clients. Grants made before are forgotten. */
  register(...clients: readonly ClientOptions[]): void {
    this.provider = new Provider(this.issuer, {
      clients: clients.map(
        ({ clientId, clientSecret, redirectUri }): ClientMetadata => ({
          client_id: clientId,
          client_secret: clientSecret,
          redirect_uris: [redirectUri],
          grant_types: ['authorization_code', 'refresh_token'],
          response_types: ['code'],
        }),
      ),
      jwks: { keys: [{ ...this.privateKey, use: 'sig', alg: 'RS256', kid: 'one' }] },
      cookies: { keys: ['a key of the tests'] },
      claims: { openid: ['sub'], profile: ['preferred_username', 'picture', 'vip_level', 'name'], email: ['email', 'email_verified'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
      issueRefreshToken: async (_context, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
      findAccount: (_context, id) => ({
        accountId: id,
        claims: async () => ({ ...this.people.get(id), sub: id }) as AccountClaims,
      }),
      ttl: { Interaction: 60, Session: 600, Grant: 600, AccessToken: 60, IdToken: 60, RefreshToken: 600 },
    });
  }

  /** Takes back what was granted: refresh tokens work no more. */
  revokeGrants(): void {
    this.revoked = true;
  }

  private revoked = false;

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { provider } = this;
    if (provider === null) {
      response.writeHead(503).end();
    } else if (this.revoked && request.url === '/token') {
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify({ error: 'invalid_grant' }));
    } else if (request.url?.startsWith('/interaction/')) {
      await this.interact(provider, request, response);
    } else {
      await provider.callback()(request, response);
    }
  }

  private async interact(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.declines) {
      return provider.interactionFinished(request, response, { error: 'access_denied', error_description: 'no' });
    }
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      return provider.interactionFinished(request, response, { login: { accountId: this.signsIn, amr: ['pwd', 'otp'] } });
    }
    const grant = new provider.Grant({ accountId: session?.accountId ?? '', clientId: String(params['client_id']) });
    grant.addOIDCScope(String(params['scope']));
    return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
  }
}
