import { IsUrl } from 'class-validator';

/** An http or https URL. Its host may be a name without a dot or with underscores: inside a cluster that is what hosts are called. */
export function IsWebUrl(): PropertyDecorator {
  return IsUrl({ protocols: ['http', 'https'], require_protocol: true, require_tld: false, allow_underscores: true });
}
