import { errorCatalogue } from '../../kernel/errors.js';

/** Errors of the control plane's HTTP surface itself. */
export const httpErrors = errorCatalogue('http', {
  malformed_json: { status: 400, message: 'The body is not valid JSON.' },
  malformed_request: { status: 400, message: 'The request is not valid HTTP.' },
  unauthenticated: { status: 401, message: 'Send a valid bearer token in the authorization header, or sign in.' },
  forbidden: { status: 403, message: 'This credential does not have the permission that the route requires.' },
  two_credentials: { status: 400, message: 'Send either a bearer token or a session cookie, not both.' },
  csrf_token: { status: 403, message: 'Send the session’s CSRF token in the x-csrf-token header.' },
  cross_site: { status: 403, message: 'Another site’s page sent this request.' },
  step_up_required: { status: 403, message: 'Prove once more who you are, then try again.' },
  method_not_allowed: { status: 405, message: 'The resource does not take this method.' },
  not_acceptable: { status: 406, message: 'The resource has no representation that the accept header allows.' },
  timeout: { status: 408, message: 'The request did not arrive in time.' },
  in_use: { status: 409, message: 'The resource is still referred to by others.' },
  body_too_large: { status: 413, message: 'The body is larger than this route takes.' },
  unsupported_media_type: { status: 415, message: 'Send the body as application/json.' },
  too_many_requests: { status: 429, message: 'Too many requests. Try again later.' },
  headers_too_large: { status: 431, message: 'The headers are larger than the server takes.' },
});
