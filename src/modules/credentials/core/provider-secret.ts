import { AppError, invalidRequest } from '../../../kernel/errors.js';
import type { OutboundAddresses } from '../../../platform/http/outbound-address.js';
import type { ProviderName } from '../credentials.contract.js';

/** What goes into an HTTP header as it is: visible ASCII. White space is most often a slip of the clipboard. */
export const PROVIDER_SECRET = /^[\x21-\x7e]{8,4096}$/;
export const PROVIDER_SECRET_RULE = 'must be 8 to 4096 visible ASCII characters, without white space';

const HINT_LENGTH = 4;
/** Four characters of anything shorter would tell too much of it. */
const SHORTEST_WITH_HINT = 20;

/** The secret as bytes to seal, which the caller overwrites. Raises a 400 that does not repeat it. */
export function secretBytes(secret: string): Buffer {
  if (!PROVIDER_SECRET.test(secret)) throw invalidRequest([{ field: 'secret', message: PROVIDER_SECRET_RULE }]);
  return Buffer.from(secret, 'latin1');
}

/** The tail that may be shown, such as `…4f2a`; nothing of a short secret (K2). */
export function hintOf(secret: string): string {
  return secret.length < SHORTEST_WITH_HINT ? '' : `…${secret.slice(-HINT_LENGTH)}`;
}

/** The base URL to store: none for the provider's own address. Raises a 400 when it does not go with the provider or may not be called. */
export function checkedBaseUrl(addresses: OutboundAddresses, provider: ProviderName, baseUrl: string | null | undefined): string | null {
  if (baseUrl === undefined || baseUrl === null) {
    if (provider === 'openai_compatible') throw invalidRequest([{ field: 'baseUrl', message: 'must be given for openai_compatible' }]);
    return null;
  }
  if (provider === 'stand_in') throw invalidRequest([{ field: 'baseUrl', message: 'must be left out for stand_in' }]);
  try {
    return addresses.checkUrl(baseUrl);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const errors = [{ field: 'baseUrl', message: error.publicMessage }];
    throw new AppError(error.code, error.status, error.publicMessage, { errors }, { cause: error });
  }
}
