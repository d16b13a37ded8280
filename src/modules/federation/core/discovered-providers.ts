import { Injectable } from '@nestjs/common';
import { allowInsecureRequests, customFetch, discovery, type ExportedJWKSCache, type ServerMetadata } from 'openid-client';
import { Clock } from '../../../kernel/clock.js';
import { federationErrors } from '../federation.errors.js';
import { answerRefused } from './answer-refused.js';
import { ProviderHttp } from './provider-http.js';

/** How long a provider's configuration is taken as read, and how long it still serves while the provider does not answer. */
const FRESH_MS = 3_600_000;
const STALE_MS = 86_400_000;
/** Organisations name issuers, so there is a bound; the one used longest ago goes first. */
const MAX_ISSUERS = 256;

/** Signatures that are accepted at all. Asymmetric ones only: with `none` or a shared secret anybody, or any client, could sign. */
const SIGNATURES = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'];

/** What is known of an issuer: its configuration, and its keys once they were needed. */
export interface DiscoveredProvider {
  readonly metadata: ServerMetadata;
  readonly readAtMs: number;
  /** Kept by whoever verified a signature last. */
  keys: ExportedJWKSCache | undefined;
}

/** Configurations of OpenID Connect issuers (OpenID Connect Discovery 1.0), read when they are needed and kept for a while. */
@Injectable()
export class DiscoveredProviders {
  private readonly known = new Map<string, DiscoveredProvider>();
  private readonly reading = new Map<string, Promise<DiscoveredProvider>>();

  constructor(
    private readonly http: ProviderHttp,
    private readonly clock: Clock,
  ) {}

  /** Raises `federation/provider_unavailable`, `federation/answer_refused` and `outbound/*`. */
  async of(issuer: string): Promise<DiscoveredProvider> {
    const known = this.known.get(issuer);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : this.clock.monotonicMs() - known.readAtMs;
    if (known !== undefined && ageMs < FRESH_MS) return this.keep(issuer, known);
    try {
      return this.keep(issuer, await this.readOnce(issuer));
    } catch (error) {
      if (known !== undefined && ageMs < STALE_MS) return known;
      throw error;
    }
  }

  /** The same, read anew: for an operator who wants to know whether it works now. */
  async readAgain(issuer: string): Promise<DiscoveredProvider> {
    return this.keep(issuer, await this.readOnce(issuer));
  }

  private keep(issuer: string, provider: DiscoveredProvider): DiscoveredProvider {
    // Map order is age.
    this.known.delete(issuer);
    this.known.set(issuer, provider);
    const [oldest] = this.known.keys();
    if (this.known.size > MAX_ISSUERS && oldest !== undefined) this.known.delete(oldest);
    return provider;
  }

  /** Any number who want the same issuer wait for one request. */
  private readOnce(issuer: string): Promise<DiscoveredProvider> {
    let reading = this.reading.get(issuer);
    if (reading === undefined) {
      reading = this.read(issuer).finally(() => this.reading.delete(issuer));
      this.reading.set(issuer, reading);
    }
    return reading;
  }

  private async read(issuer: string): Promise<DiscoveredProvider> {
    this.http.checkUrl(issuer);
    const configuration = await discovery(new URL(issuer), 'discovery', undefined, undefined, {
      [customFetch]: (url, options) => this.http.fetch(url, options),
      execute: isPlain(issuer) ? [allowInsecureRequests] : [],
    }).catch(answerRefused);
    const metadata = configuration.serverMetadata() as ServerMetadata;
    // The library makes an exception for one well-known issuer that serves all tenants under one name. We make none.
    if (metadata.issuer !== issuer) throw federationErrors.answer_refused({ cause: new Error('another issuer') });
    const { authorization_endpoint: authorisation, token_endpoint: token, jwks_uri: keys } = metadata;
    if (authorisation === undefined || token === undefined || keys === undefined) {
      throw federationErrors.answer_refused({ cause: new Error('the configuration lacks an endpoint') });
    }
    for (const endpoint of [authorisation, token, keys, metadata.userinfo_endpoint ?? token]) this.http.checkUrl(endpoint);
    const supported = metadata.id_token_signing_alg_values_supported ?? ['RS256'];
    const accepted = supported.filter((algorithm) => SIGNATURES.includes(algorithm));
    return {
      metadata: { ...metadata, id_token_signing_alg_values_supported: accepted.length > 0 ? accepted : ['RS256'] },
      readAtMs: this.clock.monotonicMs(),
      keys: undefined,
    };
  }
}

/** Whether an address is plain http, which the guard allows to this machine and to networks of the operator's choice only. */
export function isPlain(url: string): boolean {
  return URL.parse(url)?.protocol === 'http:';
}
