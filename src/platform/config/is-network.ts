import { buildMessage, ValidateBy, type ValidationOptions } from 'class-validator';
import ipaddr from 'ipaddr.js';

/** A CIDR block, IPv4 or IPv6, such as `10.0.0.0/8` (RFC 4632). */
export function IsNetwork(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isNetwork',
      validator: {
        validate: (value: unknown) => typeof value === 'string' && ipaddr.isValidCIDR(value),
        defaultMessage: buildMessage((prefix) => `${prefix}$property must be a CIDR block such as 10.0.0.0/8`, options),
      },
    },
    options,
  );
}
