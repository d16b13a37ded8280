import type { OrganisationId } from '../../../kernel/ids.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { emailDomain, type ExternalPerson } from './external-person.js';

const GMAIL = new Set(['gmail.com', 'googlemail.com']);

/**
 * Whether this provider's word is proof that somebody owns the address it names (ADR 0032). `domainOwner` is who has proven the address's domain.
 *
 * An organisation speaks for the domains it has proven. The installation's providers speak for the domains its operator trusts them with, and
 * Google for its own mailboxes and Workspace domains: those alone it is authoritative for ("Authenticate with a backend server", Google Identity).
 */
export function vouchesFor(provider: Provider, person: ExternalPerson, domainOwner: OrganisationId | null): boolean {
  const { email } = person.profile;
  const domain = email === null ? null : emailDomain(email);
  if (domain === null) return false;
  // Directories of organisations often say nothing of it: within a domain they own, that is for them to know.
  if (provider.organisationId !== null) return domainOwner === provider.organisationId && person.emailVerified !== false;
  if (person.emailVerified !== true) return false;
  const { trustedEmailDomains } = provider.settings;
  if (trustedEmailDomains.includes('*') || trustedEmailDomains.includes(domain)) return true;
  return provider.kind === 'oidc' && provider.connection.preset === 'google' && (GMAIL.has(domain) || person.hostedDomain === domain);
}
