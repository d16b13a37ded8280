import { errorCatalogue } from '../../../kernel/errors.js';

/** Errors of reading what a provider sent. */
export const dialectErrors = errorCatalogue('dialect', {
  event_too_large: { status: 502, message: 'The provider sent a stream event that is larger than the gateway accepts.' },
});
