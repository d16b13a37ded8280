import { errorCatalogue } from '../../kernel/errors.js';

/** None of these repeats what a provider or a browser sent. */
export const federationErrors = errorCatalogue('federation', {
  provider_not_found: { status: 404, message: 'No such identity provider.' },
  provider_name_taken: { status: 409, message: 'There is an identity provider of that name already.' },
  provider_changed: { status: 409, message: 'Someone else changed this identity provider at the same moment. Look at it and try again.' },
  provider_in_use: { status: 409, message: 'A domain requires sign-in through this identity provider. Lift that first.' },
  secret_missing: { status: 409, message: 'This identity provider needs a client secret and has none.' },

  attempt_not_found: { status: 400, message: 'This sign-in has expired, was used already, or began in another browser. Begin again.' },
  declined: { status: 403, message: 'The sign-in was cancelled at the identity provider.' },
  answer_refused: {
    status: 401,
    message: 'What the identity provider answered is not valid. Begin again; if it stays so, tell whoever runs it.',
  },
  provider_unavailable: { status: 503, message: 'The identity provider does not answer. Try again shortly.' },
  method_off: { status: 403, message: 'This way of signing in is switched off here.' },
  sign_up_off: { status: 403, message: 'You have no account here, and this identity provider cannot make one.' },
  age_not_attested: { status: 403, message: 'Say that you have reached the minimum age to make an account.' },
  link_required: {
    status: 409,
    message: 'There is an account with your e-mail address. Sign in the way you did so far, then link this identity.',
  },
  domain_not_admitted: { status: 403, message: 'This identity provider is not for addresses of your domain.' },
  not_a_member: { status: 403, message: 'You are not a member of the organisation this identity provider belongs to.' },
  sso_required: { status: 403, message: 'Your organisation asks you to sign in through its own identity provider.' },

  identity_not_found: { status: 404, message: 'Your account has no such linked identity.' },
  identity_taken: { status: 409, message: 'This identity is linked to another account, or your account has another one there.' },
  last_way_in: { status: 409, message: 'You could no longer sign in. Set another way up first.' },

  domain_not_found: { status: 404, message: 'No such domain.' },
  domain_claimed: { status: 409, message: 'The organisation has claimed this domain already.' },
  domain_taken: { status: 409, message: 'Another organisation has proven that this domain is its own.' },
  domain_not_proven: { status: 409, message: 'The TXT record was not found. It may take a while until everyone sees a new one.' },
  domain_unproven: { status: 409, message: 'Prove the domain first, and give it an identity provider that is active.' },
  dns_unavailable: { status: 503, message: 'The domain name system does not answer. Try again shortly.' },
});
