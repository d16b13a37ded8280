import { invalidRequest } from '../../../kernel/errors.js';
import { type EmailAddress, readEmailAddress } from './email-address.js';

/** The address in a field. Raises `lethe/invalid_request` naming the field. */
export function requireEmailAddress(text: string, field: string): EmailAddress {
  const address = readEmailAddress(text);
  if ('problem' in address) throw invalidRequest([{ field, message: address.problem }]);
  return address;
}
