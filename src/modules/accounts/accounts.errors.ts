import { errorCatalogue } from '../../kernel/errors.js';

/** None of these tells a stranger whether an account exists, and none repeats what was presented. */
export const accountsErrors = errorCatalogue('accounts', {
  account_not_found: { status: 404, message: 'There is no such account.' },
  email_taken: { status: 409, message: 'Another account has this e-mail address.' },
  username_taken: { status: 409, message: 'Another account has this username.' },
  account_blocked: { status: 403, message: 'This account is blocked. Write to whoever runs this service.' },
  account_still_needed: { status: 409, message: 'The account is the last owner of an organisation. Hand that on or suspend it first.' },
  accounts_only: { status: 403, message: 'Only a person who is signed in can do this: a key and an operator token have no account.' },

  sign_in_refused: { status: 401, message: 'The name or the password is wrong.' },
  proof_refused: { status: 403, message: 'That is not the password of this account.' },
  no_password: { status: 409, message: 'This account has no password. Prove who you are by an e-mail link or a second factor.' },
  no_proven_email: { status: 409, message: 'This account has no proven e-mail address.' },
  method_off: { status: 403, message: 'This way of signing in is switched off here.' },
  identifier_off: { status: 403, message: 'Accounts are not made with this kind of name here.' },
  sign_up_off: { status: 403, message: 'Nobody can sign up here by themselves.' },
  busy: { status: 503, message: 'Too many people are signing in at this moment. Try again shortly.' },

  recovery_refused: { status: 401, message: 'The username or the recovery code is wrong.' },

  link_not_valid: { status: 410, message: 'This link has expired, has been used, or never was one. Ask for a new one.' },
  link_of_another_browser: {
    status: 403,
    message: 'This link works only in the browser that asked for it. Open it there, or ask again here.',
  },

  session_ended: { status: 401, message: 'The session has ended. Sign in again.' },
  session_not_found: { status: 404, message: 'The account has no such session.' },
  second_factor_required: { status: 401, message: 'Finish signing in with your second factor.' },
  unavailable: { status: 503, message: 'Sessions cannot be checked right now. Try again shortly.' },
});
