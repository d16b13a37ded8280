import { errorCatalogue } from '../../kernel/errors.js';

export const auditErrors = errorCatalogue('audit', {
  no_signing_key: {
    status: 500,
    message:
      'LETHE_AUDIT_KEY must be set for the worker role in production: without it nobody can verify the audit log. `npx lethe audit-log create-key` makes one.',
  },
  invalid_signing_key: { status: 500, message: 'The signing key of the audit log is not one that `npx lethe audit-log create-key` made.' },
  fork_refused: {
    status: 500,
    message:
      'The audit log no longer contains what has been signed for it, so nothing more is signed: a database older than its last checkpoint was restored, or rows were changed. See docs/audit-log.md.',
  },
  memory_damaged: {
    status: 500,
    message:
      'What this worker remembers of its last checkpoint (the folder audit-log of its data folder) cannot be read, so nothing more is signed. See docs/audit-log.md.',
  },
  no_checkpoint: { status: 404, message: 'No checkpoint has been signed yet: the worker signs the first one within seconds.' },
  unknown_checkpoint: { status: 404, message: 'No checkpoint of this size has been signed.' },
  unknown_leaf: { status: 404, message: 'The log has no such leaf at this size.' },
  not_accepted: { status: 502, message: 'The destination did not take the checkpoint.' },
  published_differently: {
    status: 500,
    message: 'The destination holds another checkpoint of this size: the log was forked, or its key is used twice.',
  },
});
