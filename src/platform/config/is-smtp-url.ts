import { ValidateBy } from 'class-validator';

/** `smtp://` or `smtps://` with a host, and where it has a user or password, these percent-encoded. */
export function IsSmtpUrl(): PropertyDecorator {
  const defaultMessage = (): string => 'must be an smtp:// or smtps:// address; user and password are percent-encoded';
  return ValidateBy({ name: 'isSmtpUrl', validator: { validate: isSmtpUrl, defaultMessage } });
}

function isSmtpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !/^smtps?:\/\/\S+$/.test(value) || !URL.canParse(value)) return false;
  const { hostname, username, password, pathname, search, hash } = new URL(value);
  if (hostname === '' || !['', '/'].includes(pathname) || search !== '' || hash !== '') return false;
  try {
    [username, password].forEach(decodeURIComponent);
    return true;
  } catch {
    return false;
  }
}
