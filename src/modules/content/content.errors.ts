import { errorCatalogue } from '../../kernel/errors.js';

export const contentErrors = errorCatalogue('content', {
  not_kept: { status: 404, message: 'Nothing is kept of a call of this id: no rule let it be, or it could not be written.' },
  expired: { status: 410, message: 'Content of a call this old is kept no longer. Whatever was kept of it cannot be read any more.' },
  destroyed: { status: 410, message: 'The key this content was sealed under has been destroyed. Nobody can read it any more.' },
  unreadable: { status: 500, message: 'What is kept of this call does not open: it is damaged, or belongs to another call.' },
  gone: { status: 410, message: 'What was kept of this call should still be in the blob store, and is not there.' },
  grant_required: {
    status: 403,
    message: 'The customer has opened no troubleshooting grant that covers this call. Ask for one, or name another purpose.',
  },
  grant_not_found: { status: 404, message: 'No such troubleshooting grant.' },
  no_grants: { status: 409, message: 'The policy profile in force lets nobody open a troubleshooting grant.' },
  too_many_grants: { status: 409, message: 'The organisation has as many open troubleshooting grants as it may. Close one first.' },
  not_in_profile: { status: 409, message: 'The policy profile in force does not let this content be kept.' },
  key_not_found: { status: 404, message: 'The organisation has no content key of this version.' },
  invalid_patterns: { status: 500, message: 'The file that LETHE_REDACTION_PATTERNS names holds a pattern that cannot be taken.' },
  key_changed: { status: 409, message: 'Someone else rotated or destroyed the content key at the same moment. Look at it and try again.' },
});
