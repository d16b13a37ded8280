/** Characters that mean nothing to a browser but themselves: no host, no scheme, no backslash, no second slash at the front, no control. */
const RETURN_PATH = /^\/(?:[A-Za-z0-9._~-]+(?:\/[A-Za-z0-9._~-]+)*\/?)?(?:\?[A-Za-z0-9._~=&%+-]*)?$/;
const MAX_LENGTH = 500;

/** What a person may be sent back to: a path of this installation and nothing a browser could take for another place. */
export function isReturnPath(text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_LENGTH && RETURN_PATH.test(text);
}
