import { errorCatalogue } from '../../kernel/errors.js';

/** None of these ever repeats what was presented. */
export const authErrors = errorCatalogue('auth', {
  missing_key: { status: 401, message: 'Send your API key as a bearer token in the authorization header.' },
  invalid_key: { status: 401, message: 'This is not a valid API key.' },
  expired_key: { status: 401, message: 'This API key has expired.' },
  revoked_key: { status: 401, message: 'This API key has been revoked.' },
  rotated_key: { status: 401, message: 'This secret has been replaced by a newer one of the same API key.' },
  network_not_allowed: { status: 403, message: 'This API key may not be used from your network.' },
  organisation_suspended: { status: 403, message: 'The organisation of this API key is suspended, or its project archived.' },
  invalid_token: { status: 401, message: 'This is not a valid operator token.' },
  expired_token: { status: 401, message: 'This operator token has expired.' },
  revoked_token: { status: 401, message: 'This operator token has been revoked.' },
  unavailable: { status: 503, message: 'Credentials cannot be checked right now. Try again shortly.' },
  key_not_found: { status: 404, message: 'The organisation has no such API key.' },
  key_revoked: { status: 409, message: 'The API key has been revoked and cannot be changed or given a new secret.' },
  operator_not_found: { status: 404, message: 'There is no operator of this name.' },
  operator_name_taken: { status: 409, message: 'Another operator has this name.' },
});
