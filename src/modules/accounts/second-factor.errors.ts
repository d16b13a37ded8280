import { errorCatalogue } from '../../kernel/errors.js';

/** None of these ever repeats what was presented, or says which part of it was wrong. */
export const secondFactorErrors = errorCatalogue('second_factors', {
  refused: { status: 401, message: 'This second factor was not accepted. Try again with a fresh one.' },
  too_many_attempts: { status: 429, message: 'Too many wrong codes. Wait, or use another factor of yours.' },
  sign_in_again: { status: 403, message: 'You signed in more than ten minutes ago. Sign in again to set up a second factor.' },
  present_again: { status: 403, message: 'Present your second factor once more first: it was more than ten minutes ago.' },
  code_wrong: {
    status: 400,
    message: 'This is not the code your app shows for the new secret. Check the clock of the device and try again.',
  },
  enrolment_expired: { status: 409, message: 'There is no enrolment to finish, or it took too long. Begin again.' },
  already_enrolled: { status: 409, message: 'There is a factor of this kind already. Remove it first.' },
  too_many: { status: 409, message: 'You have as many security keys as an account may have. Remove one first.' },
  registration_refused: { status: 400, message: 'This security key could not be registered. Begin again.' },
  not_found: { status: 404, message: 'You have no such second factor.' },
  last_demanded: {
    status: 409,
    message: 'An organisation of yours demands a second factor, and this is your last one. Set up another first.',
  },
  none_enrolled: { status: 409, message: 'Set up a second factor first.' },
  webauthn_unavailable: {
    status: 503,
    message: 'Security keys need a domain name and TLS: the operator has to set LETHE_PUBLIC_URL to an https:// address with a name.',
  },
  secret_unreadable: {
    status: 500,
    message: 'The stored secret of your authenticator app cannot be opened. Use another factor, and set the app up anew.',
  },
});
