import { errorCatalogue } from '../../kernel/errors.js';

export const usageErrors = errorCatalogue('usage', {
  rate_limited: { status: 429, message: 'The rate limit is reached. Try again after the time given.' },
  request_too_large: { status: 429, message: 'This request alone needs more tokens than the limit allows in a minute. Make it smaller.' },
  budget_exceeded: { status: 402, message: 'The budget is spent, or held by calls in flight.' },
  price_unknown: { status: 400, message: 'A hard budget applies, and the price of this model is unknown. Ask the operator to set one.' },
  ledger_unavailable: { status: 503, message: 'The ledger cannot take this call right now. Try again shortly.' },
  end_users_not_ready: { status: 503, message: 'Calls that name an end user cannot be taken yet. Try again shortly.' },
  budget_not_found: { status: 404, message: 'No such budget.' },
  rate_limit_not_found: { status: 404, message: 'No such rate limit.' },
  price_override_not_found: { status: 404, message: 'No such price override.' },
  call_not_found: { status: 404, message: 'No such call, or its record has expired.' },
  hours_not_kept: { status: 400, message: 'Hours that long ago are not kept any more. Ask for granularity=day, or a later `from`.' },
  series_too_wide: {
    status: 400,
    message: 'That is more than one answer can hold. Ask for a shorter time, or for fewer projects, keys or models.',
  },
  scope_not_found: { status: 404, message: 'No such project or key in this organisation.' },
  already_exists: { status: 409, message: 'One like it exists already.' },
});
