import { emailDomain, type ExternalPerson } from '../external-person.js';
import type { SamlSettings } from '../saml-configuration.js';
import type { ProvenAssertion } from './check-response.js';
import { EMAIL_FORMAT, UNSPECIFIED_FORMAT } from './saml-names.js';

/** How identity providers call an e-mail address, in the order of how sure they are: Okta and Google, Entra ID, the LDAP names. */
const EMAIL_ATTRIBUTES = [
  'email',
  'mail',
  'emailAddress',
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  'urn:oid:0.9.2342.19200300.100.1.3',
];
/** What says that two factors were asked for: REFEDS MFA 1.0, and Entra ID's claim with its value. */
const REFEDS_MFA = 'https://refeds.org/profile/mfa';
const METHODS_ATTRIBUTE = 'http://schemas.microsoft.com/claims/authnmethodsreferences';
const MULTIPLE_METHODS = 'http://schemas.microsoft.com/claims/multipleauthn';
const EMAIL = /^[^\s@]+@[^\s@]+$/;
const MAX_EMAIL = 254;
const MAX_NAME = 200;
const UNSAFE = /[\p{Cc}\u202A-\u202E\u2066-\u2069\uFEFF]/u;

/** What is kept of an assertion: who it is at the provider, and the little that accounts have. Anything unusable is taken as not said. */
export function samlPerson(
  assertion: ProvenAssertion,
  settings: Pick<SamlSettings, 'emailAttribute' | 'usernameAttribute'>,
): ExternalPerson {
  const { subject, attributes, contextClasses } = assertion;
  const named = settings.emailAttribute === null ? EMAIL_ATTRIBUTES : [settings.emailAttribute];
  const written = named.map((name) => onlyValue(attributes.get(name))).find((value) => value !== null) ?? null;
  const mayBeSubject = settings.emailAttribute === null && (subject.format === EMAIL_FORMAT || subject.format === UNSPECIFIED_FORMAT);
  const methods = attributes.get(METHODS_ATTRIBUTE) ?? [];
  return {
    subject: subject.nameId,
    profile: {
      username: settings.usernameAttribute === null ? null : cleanName(onlyValue(attributes.get(settings.usernameAttribute))),
      email: emailOf(written ?? (mayBeSubject ? subject.nameId : null)),
      avatarUrl: null,
      vip: false,
    },
    // SAML has no word for it: within its proven domains an organisation's provider is believed, elsewhere nobody is.
    emailVerified: null,
    twoFactors: contextClasses.includes(REFEDS_MFA) || methods.includes(MULTIPLE_METHODS),
    hostedDomain: null,
  };
}

/** Of several values none is the right one. */
function onlyValue(values: readonly string[] | undefined): string | null {
  return values?.length === 1 ? (values[0] ?? null) : null;
}

function emailOf(text: string | null): string | null {
  if (text === null || text.length > MAX_EMAIL || UNSAFE.test(text)) return null;
  return EMAIL.test(text) && emailDomain(text) !== null ? text : null;
}

function cleanName(text: string | null): string | null {
  if (text === null || text === '' || text.length > MAX_NAME || UNSAFE.test(text)) return null;
  return text;
}
