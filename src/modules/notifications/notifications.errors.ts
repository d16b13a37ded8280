import { errorCatalogue } from '../../kernel/errors.js';

export const notificationsErrors = errorCatalogue('notifications', {
  key_not_ready: { status: 503, message: 'The key that mails and webhooks are sealed under is not ready yet. Try again shortly.' },
  webhook_not_found: { status: 404, message: 'No such webhook.' },
  delivery_not_found: { status: 404, message: 'No such delivery, or it is too old to be replayed.' },
  webhook_limit: { status: 409, message: 'The organisation has as many webhooks as it may have.' },
  webhook_disabled: { status: 409, message: 'This webhook is disabled. Enable it first.' },
  notice_not_found: { status: 404, message: 'No such notice.' },
  unsubscribe_link_invalid: { status: 400, message: 'This unsubscribe link is damaged. Sign in and change your preferences instead.' },
  signature_invalid: { status: 401, message: 'The signature of this event does not match, or it is too old.' },
});
