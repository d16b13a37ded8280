import { errorCatalogue } from '../../kernel/errors.js';

export const gatewayErrors = errorCatalogue('gateway', {
  body_too_large: { status: 413, message: 'The request body is larger than this gateway takes.' },
  body_timeout: { status: 408, message: 'The request body did not arrive in time.' },
  unsupported_media_type: { status: 415, message: 'Send the request body as application/json, uncompressed.' },
  scope_missing: { status: 403, message: 'This key may not call models. Create one with the scope inference:invoke.' },
  method_not_allowed: { status: 405, message: 'This address does not take that method.' },
  model_not_found: { status: 404, message: 'No route leads to this model. Ask for one that GET /v1/models lists.' },
  overloaded: { status: 503, message: 'The gateway carries as many calls as it can. Try again shortly.' },
  shutting_down: { status: 503, message: 'This gateway is shutting down. Try again.' },
  interrupted: { status: 502, message: 'The gateway stopped before the answer ended.' },
  upstream_unreachable: { status: 502, message: 'No upstream could be reached.' },
  upstream_failed: { status: 502, message: 'The upstream answered with an error.' },
  upstream_refused: {
    status: 502,
    message: "The upstream did not accept the gateway's own credential or request. The operator has to look at it.",
  },
  upstream_rate_limited: { status: 429, message: 'The upstream is over its own rate limit. Try again after the time given.' },
  upstream_invalid: { status: 502, message: 'The upstream sent something that is not an answer.' },
  upstream_cut: { status: 502, message: 'The upstream ended the answer before it was complete.' },
  upstream_timeout: { status: 504, message: 'The upstream did not answer in time.' },
  upstream_rejected: { status: 400, message: 'The upstream did not accept the request.' },
  answer_too_large: { status: 502, message: 'The upstream sent a larger answer than this gateway takes.' },
});
