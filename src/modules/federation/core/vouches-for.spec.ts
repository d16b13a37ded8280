import { describe, expect, it } from 'vitest';
import { newId, type OrganisationId } from '../../../kernel/ids.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { vouchesFor } from './vouches-for.js';

const ACME = newId<OrganisationId>();
const RIVAL = newId<OrganisationId>();

interface Case {
  readonly email?: string | null;
  readonly emailVerified?: boolean | null;
  readonly hostedDomain?: string | null;
  readonly of?: OrganisationId | null;
  readonly preset?: 'google' | null;
  readonly trusted?: readonly string[];
  readonly owner?: OrganisationId | null;
}

function vouches({
  email = 'kim@example.com',
  emailVerified = true,
  hostedDomain = null,
  of = null,
  preset = null,
  trusted = [],
  owner = null,
}: Case): boolean {
  const provider = {
    organisationId: of,
    kind: 'oidc',
    connection: { preset },
    settings: { trustedEmailDomains: trusted },
  } as unknown as Provider;
  const profile = { username: null, email, avatarUrl: null, vip: false };
  return vouchesFor(provider, { subject: 's', profile, emailVerified, twoFactors: false, hostedDomain }, owner);
}

describe('A1: an address is taken for proven on the word of', () => {
  it.each<[string, boolean, Case]>([
    ['nobody, when none was given', false, { email: null, trusted: ['*'] }],
    ['a provider the operator trusts with its domain', true, { trusted: ['example.com'] }],
    ['a provider the operator trusts with all', true, { trusted: ['*'] }],
    ['no provider trusted with another domain', false, { trusted: ['example.org'] }],
    ['no provider trusted with the domain above', false, { email: 'kim@sub.example.com', trusted: ['example.com'] }],
    ['no provider that does not say it is proven', false, { emailVerified: null, trusted: ['*'] }],
    ['no provider that says it is not', false, { emailVerified: false, trusted: ['*'] }],
    ['Google for its mailboxes', true, { preset: 'google', email: 'kim@gmail.com' }],
    ['Google for a Workspace domain of the account', true, { preset: 'google', hostedDomain: 'example.com' }],
    ['not Google for an address it only knows of', false, { preset: 'google' }],
    ['not Google for another Workspace domain', false, { preset: 'google', hostedDomain: 'example.org' }],
    ['no other provider that says hd', false, { hostedDomain: 'example.com' }],
    ['an organisation within a domain it has proven', true, { of: ACME, owner: ACME }],
    ['an organisation whose directory says nothing of it', true, { of: ACME, owner: ACME, emailVerified: null }],
    ['no organisation whose directory says it is not proven', false, { of: ACME, owner: ACME, emailVerified: false }],
    ['no organisation outside its domains', false, { of: ACME, owner: null, trusted: ['*'] }],
    ['no organisation within another’s', false, { of: ACME, owner: RIVAL, trusted: ['*'] }],
  ])('%s', (_, expected, given) => {
    expect(vouches(given)).toBe(expected);
  });
});
