import { errorCatalogue } from '../../kernel/errors.js';

export const credentialsErrors = errorCatalogue('credentials', {
  secret_unreadable: {
    status: 500,
    message: 'The stored secret of this credential cannot be opened. Rotate the credential with a fresh secret.',
  },
  not_found: { status: 404, message: 'No such credential.' },
  disabled: { status: 409, message: 'This credential is disabled.' },
  name_taken: { status: 409, message: 'The organisation has a credential of that name already.' },
  in_use: { status: 409, message: 'A route still uses this credential. Change or delete the route first.' },
  changed_meanwhile: { status: 409, message: 'Someone else rotated this credential at the same moment. Look at it and try again.' },
});
