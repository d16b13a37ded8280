import { errorCatalogue } from '../../kernel/errors.js';

export const mailErrors = errorCatalogue('mail', {
  not_configured: {
    status: 503,
    message: 'This installation cannot send mail: its operator has set no mail server (LETHE_SMTP_URL, LETHE_MAIL_FROM, LETHE_PUBLIC_URL).',
  },
  invalid_address: { status: 400, message: 'This is not an e-mail address that mail can be sent to.' },
  refused: { status: 502, message: 'The mail server refused this mail for good.' },
  not_accepted: { status: 503, message: 'The mail server did not take this mail now.' },
});
