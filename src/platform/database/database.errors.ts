import { errorCatalogue } from '../../kernel/errors.js';

export const databaseErrors = errorCatalogue('database', {
  already_running: { status: 409, message: 'Lethe already runs from this folder.' },
  embedded_unsupported: {
    status: 500,
    message: 'The built-in PostgreSQL does not run on this machine. Set DATABASE_URL to a PostgreSQL server of your own.',
  },
  embedded_not_started: { status: 500, message: 'The built-in PostgreSQL did not start.' },
  embedded_not_stopped: { status: 500, message: 'The built-in PostgreSQL did not stop.' },
  embedded_version: { status: 500, message: 'The data on disk was written by another major version of PostgreSQL.' },
});
