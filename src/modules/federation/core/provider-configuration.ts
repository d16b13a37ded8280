import type { SamlConnection, SamlSettings } from './saml-configuration.js';
import type { TrustSettings } from './trust-settings.js';

export const PROVIDER_KINDS = ['oidc', 'oauth2', 'saml'] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

/** `google`: OpenID Connect with what Google documents of itself filled in and checked. */
export const PROVIDER_PRESETS = ['google'] as const;
export type ProviderPreset = (typeof PROVIDER_PRESETS)[number];

/** How Lethe proves to a token endpoint who it is (RFC 6749 §2.3, OpenID Connect Core §9). `none`: a public client, held by PKCE alone. */
export const CLIENT_AUTHENTICATIONS = ['client_secret_basic', 'client_secret_post', 'none'] as const;
export type ClientAuthentication = (typeof CLIENT_AUTHENTICATIONS)[number];

/** Who is spoken to. It stays for life: subjects and the secret mean something to this very counterpart. */
export interface OidcConnection {
  /** Exactly as the provider names itself; its configuration is found from there (OpenID Connect Discovery 1.0). */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  readonly preset: ProviderPreset | null;
}

/** A provider that speaks OAuth 2.0 and no OpenID Connect: who it is has to be asked of an endpoint of its own. */
export interface OAuth2Connection {
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userInfoEndpoint: string;
  /** What the provider calls itself in `iss` (RFC 9207); null when it does not. */
  readonly issuer: string | null;
  readonly clientId: string;
  readonly clientAuthentication: ClientAuthentication;
  /** Where in the user info the id stands that never changes and is never given to another. */
  readonly subjectPath: string;
}

export type ProviderConnection = OidcConnection | OAuth2Connection | SamlConnection;

/** Where in what the provider says each thing stands: names joined by dots, such as `data.user.login`. Null: it does not say. */
export interface ClaimPaths {
  readonly username: string | null;
  readonly email: string | null;
  readonly emailVerified: string | null;
  readonly avatar: string | null;
  readonly vip: string | null;
  /** What stands there when somebody is a VIP, as text; one of several when the provider gives a list. */
  readonly vipValues: readonly string[];
}

export interface OAuth2Settings extends TrustSettings {
  readonly scopes: readonly string[];
  readonly claims: ClaimPaths;
  /** Whether a refresh token is kept, with which the profile is refreshed between sign-ins. */
  readonly keepsRefreshToken: boolean;
}

export interface OidcSettings extends OAuth2Settings {
  /** Google's `hd`: Workspace domains that are let in; everyone when empty. */
  readonly hostedDomains: readonly string[];
}

export type ProviderSettings = OidcSettings | OAuth2Settings | SamlSettings;

/** The parts of a provider that belong together, by its kind. */
export type ProviderConfiguration =
  | { readonly kind: 'oidc'; readonly connection: OidcConnection; readonly settings: OidcSettings }
  | { readonly kind: 'oauth2'; readonly connection: OAuth2Connection; readonly settings: OAuth2Settings }
  | { readonly kind: 'saml'; readonly connection: SamlConnection; readonly settings: SamlSettings };
