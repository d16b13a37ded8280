import type { TrustSettings } from './trust-settings.js';

/** A SAML 2.0 identity provider: who it is, and where it is asked. */
export interface SamlConnection {
  readonly entityId: string;
  /** Its single sign-on service, HTTP-Redirect binding. */
  readonly signOnUrl: string;
}

export interface SamlSettings extends TrustSettings {
  /** PEM certificates its assertions may be signed with; two while it rotates. */
  readonly certificates: readonly string[];
  /** The attribute with the e-mail address; null: any of the usual ones, or the name of the subject when it is one. */
  readonly emailAttribute: string | null;
  /** The attribute with the username; null: none is kept. */
  readonly usernameAttribute: string | null;
  /** Whether the provider may begin a sign-in by itself. Nothing then ties it to a browser (ADR 0035). */
  readonly allowsUnsolicited: boolean;
  /** Whether people have to prove who they are anew although the provider knows them already. */
  readonly forcesAuthentication: boolean;
  /** The certificate, in base64 of DER, of the key our requests are signed with, which lies sealed as the provider's secret; null: they are not. */
  readonly requestCertificate: string | null;
}
