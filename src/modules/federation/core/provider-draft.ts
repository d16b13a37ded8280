import { type FieldError, invalidRequest } from '../../../kernel/errors.js';
import type { ProviderOwner } from '../data/identity-providers.repository.js';
import { normalDomain } from './external-person.js';
import type {
  ClaimPaths,
  ClientAuthentication,
  OAuth2Settings,
  OidcSettings,
  ProviderConfiguration,
  ProviderPreset,
} from './provider-configuration.js';
import type { TrustSettings } from './trust-settings.js';
import type { ProviderHttp } from './provider-http.js';

const GOOGLE_ISSUER = 'https://accounts.google.com';
const OPENID_CONNECT_CLAIMS: ClaimPaths = {
  username: 'preferred_username',
  email: 'email',
  emailVerified: 'email_verified',
  avatar: 'picture',
  vip: null,
  vipValues: ['true'],
};
/** Google has names, but nothing a person would call their username. */
const GOOGLE_CLAIMS: ClaimPaths = { ...OPENID_CONNECT_CLAIMS, username: null };
const NO_CLAIMS: ClaimPaths = { username: null, email: null, emailVerified: null, avatar: null, vip: null, vipValues: ['true'] };

type Optional<T> = { readonly [K in keyof T]?: T[K] | undefined };

/** What an administrator says of how far a provider is believed; what is left out keeps its value, or gets the default. */
export type SettingsDraft = Optional<Omit<OidcSettings, 'claims'>> & { readonly claims?: Optional<ClaimPaths> | undefined };

/** What an administrator says of a new provider. */
export interface ProviderDraft {
  readonly kind: 'oidc' | 'oauth2';
  readonly preset?: ProviderPreset | undefined;
  readonly issuer?: string | undefined;
  readonly authorizationEndpoint?: string | undefined;
  readonly tokenEndpoint?: string | undefined;
  readonly userInfoEndpoint?: string | undefined;
  readonly subjectPath?: string | undefined;
  readonly clientId: string;
  readonly clientAuthentication?: ClientAuthentication | undefined;
  readonly settings?: SettingsDraft | undefined;
}

type CodeFlow = Extract<ProviderConfiguration, { kind: 'oidc' | 'oauth2' }>;

/** The configuration of a new provider. Raises `lethe/invalid_request` naming each field that is missing, superfluous or wrong, and `outbound/*`. */
export function configurationOf(draft: ProviderDraft, owner: ProviderOwner, http: ProviderHttp): CodeFlow {
  const settings = draft.settings ?? {};
  if (draft.kind === 'oidc') {
    const isGoogle = draft.preset === 'google';
    refuse(draft, [
      'authorizationEndpoint',
      'tokenEndpoint',
      'userInfoEndpoint',
      'subjectPath',
      ...(isGoogle ? (['issuer'] as const) : []),
    ]);
    if (!isGoogle) need(draft, ['issuer']);
    const issuer = isGoogle ? GOOGLE_ISSUER : http.checkUrl(draft.issuer ?? '');
    const connection = {
      issuer,
      clientId: draft.clientId,
      clientAuthentication: draft.clientAuthentication ?? 'client_secret_basic',
      preset: draft.preset ?? null,
    };
    const defaults = {
      ...defaultsFor(owner),
      scopes: ['openid', 'profile', 'email'],
      claims: isGoogle ? GOOGLE_CLAIMS : OPENID_CONNECT_CLAIMS,
    };
    return { kind: 'oidc', connection, settings: oidcSettings({ ...defaults, hostedDomains: [] }, settings, owner) };
  }
  refuse(draft, ['preset']);
  need(draft, ['authorizationEndpoint', 'tokenEndpoint', 'userInfoEndpoint', 'subjectPath']);
  const connection = {
    authorizationEndpoint: http.checkUrl(draft.authorizationEndpoint ?? ''),
    tokenEndpoint: http.checkUrl(draft.tokenEndpoint ?? ''),
    userInfoEndpoint: http.checkUrl(draft.userInfoEndpoint ?? ''),
    issuer: draft.issuer === undefined ? null : http.checkUrl(draft.issuer),
    clientId: draft.clientId,
    clientAuthentication: draft.clientAuthentication ?? 'client_secret_basic',
    subjectPath: draft.subjectPath ?? '',
  };
  return {
    kind: 'oauth2',
    connection,
    settings: oauth2Settings({ ...defaultsFor(owner), scopes: [], claims: NO_CLAIMS }, settings, owner),
  };
}

/** The settings of a provider after a change. Raises `lethe/invalid_request`. */
export function changedSettings<C extends CodeFlow>(before: C, change: SettingsDraft, owner: ProviderOwner): C['settings'] {
  return before.kind === 'oidc' ? oidcSettings(before.settings, change, owner) : oauth2Settings(before.settings, change, owner);
}

function defaultsFor(owner: ProviderOwner): TrustSettings & { readonly keepsRefreshToken: boolean } {
  return {
    trustedEmailDomains: [],
    allowsSignUp: true,
    memberRole: owner === null ? null : 'viewer',
    secondFactor: 'never',
    keepsRefreshToken: false,
  };
}

function oidcSettings(before: OidcSettings, change: SettingsDraft, owner: ProviderOwner): OidcSettings {
  const settings = { ...oauth2Settings(before, { ...change, hostedDomains: undefined }, owner), hostedDomains: before.hostedDomains };
  if (!settings.scopes.includes('openid')) throw wrong('settings.scopes', 'must contain openid: without it there is no ID token');
  if (change.hostedDomains === undefined) return settings;
  return { ...settings, hostedDomains: domains('settings.hostedDomains', change.hostedDomains) };
}

function oauth2Settings(before: OAuth2Settings, change: SettingsDraft, owner: ProviderOwner): OAuth2Settings {
  if (change.hostedDomains !== undefined) throw wrong('settings.hostedDomains', 'belongs to OpenID Connect providers');
  if (owner !== null && change.trustedEmailDomains !== undefined) {
    throw wrong(
      'settings.trustedEmailDomains',
      "is not for an organisation's provider: it speaks for the domains the organisation has proven",
    );
  }
  if (owner === null && change.memberRole !== undefined && change.memberRole !== null) {
    throw wrong('settings.memberRole', "is for an organisation's provider: the installation's brings nobody into an organisation");
  }
  return {
    scopes: change.scopes ?? before.scopes,
    claims: { ...before.claims, ...given(change.claims ?? {}) },
    keepsRefreshToken: change.keepsRefreshToken ?? before.keepsRefreshToken,
    trustedEmailDomains:
      change.trustedEmailDomains === undefined
        ? before.trustedEmailDomains
        : trustedDomains('settings.trustedEmailDomains', change.trustedEmailDomains),
    allowsSignUp: change.allowsSignUp ?? before.allowsSignUp,
    memberRole: change.memberRole === undefined ? before.memberRole : change.memberRole,
    secondFactor: change.secondFactor ?? before.secondFactor,
  };
}

function given<T extends object>(change: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function trustedDomains(field: string, names: readonly string[]): readonly string[] {
  return names.includes('*') ? ['*'] : domains(field, names);
}

function domains(field: string, names: readonly string[]): readonly string[] {
  return names.map((name, index) => {
    const domain = normalDomain(name);
    if (domain === null) throw wrong(`${field}[${index}]`, 'must be a domain name, such as "example.com"');
    return domain;
  });
}

function need(draft: ProviderDraft, fields: readonly (keyof ProviderDraft)[]): void {
  const missing = fields.filter((field) => draft[field] === undefined);
  if (missing.length > 0)
    throw invalidRequest(missing.map((field) => ({ field, message: `is needed for a provider of kind ${draft.kind}` })));
}

function refuse(draft: ProviderDraft, fields: readonly (keyof ProviderDraft)[]): void {
  const extra = fields.filter((field) => draft[field] !== undefined);
  const problem = (field: string): FieldError => ({ field, message: 'is not for such a provider: what is needed is known without it' });
  if (extra.length > 0) throw invalidRequest(extra.map(problem));
}

function wrong(field: string, message: string): Error {
  return invalidRequest([{ field, message }]);
}
