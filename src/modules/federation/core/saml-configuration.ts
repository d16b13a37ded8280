import type { TrustSettings } from './provider-configuration.js';

/** A SAML 2.0 identity provider: who it is, and where it is asked. */
export interface SamlConnection {
  readonly entityId: string;
  /** Its single sign-on service, HTTP-Redirect binding. */
  readonly signOnUrl: string;
}

export interface SamlSettings extends TrustSettings {
  /** PEM certificates its assertions may be signed with; two while it rotates. */
  readonly certificates: readonly string[];
}
