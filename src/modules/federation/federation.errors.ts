import { errorCatalogue } from '../../kernel/errors.js';

export const federationErrors = errorCatalogue('federation', {
  provider_not_found: { status: 404, message: 'No such identity provider.' },
  provider_name_taken: { status: 409, message: 'There is an identity provider of that name already.' },
  provider_changed: { status: 409, message: 'Someone else changed this identity provider at the same moment. Look at it and try again.' },
  provider_in_use: { status: 409, message: 'A domain requires sign-in through this identity provider. Lift that first.' },
  provider_disabled: { status: 403, message: 'Sign-in through this identity provider is switched off.' },
  identity_not_found: { status: 404, message: 'No such linked identity.' },
  identity_taken: { status: 409, message: 'This identity is linked already, to this account or another.' },
  domain_not_found: { status: 404, message: 'No such domain.' },
  domain_claimed: { status: 409, message: 'The organisation has claimed this domain already.' },
  domain_taken: { status: 409, message: 'Another organisation has proven that this domain is its own.' },
});
