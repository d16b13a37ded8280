import { type FieldError, invalidRequest } from '../../../../kernel/errors.js';
import type { AssertionAnswer } from '../../core/second-factor/webauthn-assertion.js';
import type { RegistrationAnswer } from '../../core/second-factor/webauthn-registration.js';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
/** Characters; far above what authenticators send. */
const LONGEST = {
  id: 1_364,
  clientDataJSON: 4_096,
  attestationObject: 16_384,
  authenticatorData: 4_096,
  signature: 2_048,
  userHandle: 128,
};
const MAX_TRANSPORTS = 8;
/** `usb`, `internal`, `smart-card` and what is yet to be invented. */
const TRANSPORT = /^[a-z-]{1,20}$/;

type Part = keyof typeof LONGEST;

/**
 * What is looked at of a browser's `PublicKeyCredential.toJSON()`. Browsers add to that object as the standard grows, so unlike our own bodies it may
 * hold what we do not know; none of it is read.
 */
export function registrationAnswer(credential: object): RegistrationAnswer {
  const read = new CredentialReader(credential);
  const answer = {
    id: read.text('id'),
    clientDataJSON: read.text('clientDataJSON'),
    attestationObject: read.text('attestationObject'),
    transports: read.transports(),
  };
  read.finish();
  return answer;
}

export function assertionAnswer(credential: object): AssertionAnswer {
  const read = new CredentialReader(credential);
  const answer = {
    id: read.text('id'),
    clientDataJSON: read.text('clientDataJSON'),
    authenticatorData: read.text('authenticatorData'),
    signature: read.text('signature'),
    userHandle: read.optionalText('userHandle'),
  };
  read.finish();
  return answer;
}

/** Collects every field that is wrong, so that the caller hears of all at once. */
class CredentialReader {
  private readonly errors: FieldError[] = [];
  private readonly response: object;

  constructor(private readonly credential: object) {
    const response = valueOf(credential, 'response');
    this.response = typeof response === 'object' && response !== null ? response : {};
  }

  text(part: Part): string {
    const value = part === 'id' ? valueOf(this.credential, part) : valueOf(this.response, part);
    if (typeof value === 'string' && value.length <= LONGEST[part] && BASE64URL.test(value)) return value;
    const message = `must be base64url text of at most ${LONGEST[part]} characters`;
    this.errors.push({ field: part === 'id' ? 'credential.id' : `credential.response.${part}`, message });
    return '';
  }

  optionalText(part: Part): string | null {
    const value = valueOf(this.response, part);
    return value === undefined || value === null || value === '' ? null : this.text(part);
  }

  transports(): readonly string[] {
    const value = valueOf(this.response, 'transports');
    const named: readonly unknown[] = Array.isArray(value) ? value : [];
    return named.filter((each): each is string => typeof each === 'string' && TRANSPORT.test(each)).slice(0, MAX_TRANSPORTS);
  }

  finish(): void {
    if (this.errors.length > 0) throw invalidRequest(this.errors);
  }
}

function valueOf(object: object, name: string): unknown {
  return Object.hasOwn(object, name) ? (object as Record<string, unknown>)[name] : undefined;
}
