/**
 * Names people may not take for their organisation: addresses of this product and its neighbours, and names that would let one pass for whoever runs
 * the installation. Operators may use them.
 */
const RESERVED = new Set(
  `about abuse account accounts admin administrator api app apps assets audit auth billing blog console contact dashboard demo dev docs email
  example federation gateway help home host hostmaster info internal invitation invitations legal lethe local localhost login logout mail me
  member members metrics monitoring new none null oauth oidc operator operators organisation organisations organization organizations owner
  payment payments postmaster press privacy public register root saml scim secure security self service session sessions settings sign-in
  sign-out sign-up signin signout signup smtp sso staff static status sudo support sys system team terms test undefined user users v1 verify
  webhook webhooks webmaster www`.split(/\s+/),
);

export function isReservedSlug(slug: string): boolean {
  // `xn--` is how a domain name says that it is written in other letters (RFC 5890): as a part of an address it would be shown as those.
  return RESERVED.has(slug) || slug.startsWith('xn--');
}
