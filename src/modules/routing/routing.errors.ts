import { errorCatalogue } from '../../kernel/errors.js';

export const routingErrors = errorCatalogue('routing', {
  not_found: { status: 404, message: 'No such route.' },
  model_taken: { status: 409, message: 'There is a route for this model in the same organisation and project already. Replace that one.' },
});
