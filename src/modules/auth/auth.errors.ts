import { errorCatalogue } from '../../kernel/errors.js';

/** None of these ever repeats what was presented. */
export const authErrors = errorCatalogue('auth', {
  missing_key: { status: 401, message: 'Send your API key as a bearer token in the authorization header.' },
  invalid_key: { status: 401, message: 'This is not a valid API key.' },
  expired_key: { status: 401, message: 'This API key has expired.' },
  revoked_key: { status: 401, message: 'This API key has been revoked.' },
  rotated_key: { status: 401, message: 'This secret has been replaced by a newer one of the same API key.' },
  network_not_allowed: { status: 403, message: 'This API key may not be used from your network.' },
  key_blocked: {
    status: 403,
    message:
      'This API key is blocked, because it was used in an unusual way or by decision of the operator. An owner, admin or developer of its organisation can see why, and release or replace it.',
  },
  organisation_suspended: { status: 403, message: 'The organisation of this API key is suspended, or its project archived.' },
  invalid_token: { status: 401, message: 'This is not a valid operator token.' },
  expired_token: { status: 401, message: 'This operator token has expired.' },
  revoked_token: { status: 401, message: 'This operator token has been revoked.' },
  unavailable: { status: 503, message: 'Credentials cannot be checked right now. Try again shortly.' },
  key_not_found: { status: 404, message: 'The organisation has no such API key.' },
  too_many_keys: { status: 409, message: 'The organisation has as many working API keys as it may have. Revoke some first.' },
  key_revoked: { status: 409, message: 'The API key has been revoked and cannot be changed or given a new secret.' },
  key_blocked_by_operator: { status: 409, message: 'The operator has blocked this API key, and only the operator can release it.' },
  operator_not_found: { status: 404, message: 'There is no such operator.' },
  operator_name_taken: { status: 409, message: 'Another operator has this name.' },
  operator_linked: { status: 409, message: 'The operator has an account already. Unlink it first.' },
  operator_disabled: { status: 409, message: 'The operator is disabled.' },
  account_is_staff: { status: 409, message: 'This account is another operator’s already.' },
  last_administrator: { status: 409, message: 'The last active administrator stays one. Make somebody else administrator first.' },
  operator_token_not_found: { status: 404, message: 'The operator has no such token.' },
  invitation_not_valid: { status: 410, message: 'This invitation has expired, has been used, or never was one. Ask for a new one.' },

  not_staff: { status: 403, message: 'This account belongs to none of the operator’s staff.' },
  duty_needs_second_factor: { status: 403, message: 'Show a second factor in this session first: staff act with one only.' },
  duty_only: { status: 403, message: 'Only a person on duty can do this, not a token.' },

  admin_network_refused: { status: 403, message: 'Operators may not act from your network.' },
  admin_listener_only: { status: 403, message: 'Operators are not served here. Use the address of the admin listener.' },
  operators_only: { status: 403, message: 'Only operators are served here. Use the public address.' },

  break_glass_required: {
    status: 403,
    message: 'This is an organisation’s own. Name the organisation, and break the glass for it first (POST /admin/v1/break-glass).',
  },
  break_glass_reads_only: { status: 403, message: 'Breaking the glass lets you read what is an organisation’s own, not change it.' },
  break_glass_open: { status: 409, message: 'You have this organisation’s data open already. Close that first.' },
  break_glass_not_found: { status: 404, message: 'There is no such break-glass grant.' },
  break_glass_own: { status: 400, message: 'The installation’s own organisation is open to its staff as it is.' },
});
