import { errorCatalogue } from '../../kernel/errors.js';

/** Answered in the form of RFC 7644 §3.12. None of these repeats what was sent. */
export const scimErrors = errorCatalogue('scim', {
  invalid_syntax: { status: 400, message: 'The body is not a SCIM request of this kind.' },
  invalid_filter: { status: 400, message: 'The filter cannot be read, or uses what is not supported here.' },
  invalid_path: { status: 400, message: 'A path of the patch cannot be read, or names what this resource does not have.' },
  no_target: { status: 400, message: 'A path of the patch selects nothing.' },
  invalid_value: { status: 400, message: 'A value is missing, or is not what its attribute takes.' },
  mutability: { status: 400, message: 'This attribute cannot be changed.' },
  too_many: { status: 413, message: 'The request holds more than is taken at once.' },
  uniqueness: { status: 409, message: 'Another user or group of the organisation has this name or external id.' },
  address_not_captured: { status: 403, message: 'The e-mail address is not in a domain that the organisation has proven to be its own.' },
  sign_up_off: { status: 403, message: 'Nobody without an account can be taken in here: the installation makes no new ones.' },
  resource_not_found: { status: 404, message: 'There is no such resource.' },
  invalid_token: { status: 401, message: 'Send a valid SCIM token as a bearer token in the authorization header.' },
  token_not_found: { status: 404, message: 'The organisation has no such SCIM token.' },
  token_limit: { status: 409, message: 'The organisation has as many SCIM tokens in use as it may. Revoke one first.' },
});
