import {
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  verifyRegistrationResponse,
} from '@simplewebauthn/server';
import { COSEALG, decodeAttestationObject, isoBase64URL, isoCBOR } from '@simplewebauthn/server/helpers';
import { parse } from 'uuid';
import type { AccountId } from '../../../../kernel/ids.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import type { RelyingParty } from './relying-party.js';
import { requireOwnPage } from './webauthn-client-data.js';

/** What nearly every authenticator has, best first. */
const ALGORITHMS = [COSEALG.EdDSA, COSEALG.ES256, COSEALG.RS256];
/** How long the browser's dialogue stays; our challenge lives a little longer. */
export const CEREMONY_TIMEOUT_MS = 240_000;

/** An answer of `navigator.credentials.create()`, the parts that are looked at. */
export interface RegistrationAnswer {
  readonly id: string;
  readonly clientDataJSON: string;
  readonly attestationObject: string;
  readonly transports: readonly string[];
}

/** A credential as it is kept: a public key, which opens nothing. */
export interface RegisteredCredential {
  readonly credentialId: Buffer;
  /** COSE_Key (RFC 9053 §7). */
  readonly publicKey: Buffer;
  readonly counter: number;
  readonly transports: readonly string[];
  /** Whether its owner's devices share it, as passkeys in a cloud are. */
  readonly backedUp: boolean;
}

export interface CredentialOwner {
  readonly accountId: AccountId;
  /** What the authenticator shows beside the site. */
  readonly name: string;
  readonly displayName: string;
}

export interface KnownCredential {
  readonly credentialId: Buffer;
  readonly transports: readonly string[];
}

/** What the browser is asked to make: a credential found without a name where the device can, no attestation (it would identify the device's batch). */
export function registrationOptions(
  party: RelyingParty,
  owner: CredentialOwner,
  challenge: Buffer,
  known: readonly KnownCredential[],
): Promise<PublicKeyCredentialCreationOptionsJSON> {
  return generateRegistrationOptions({
    rpID: party.id,
    rpName: party.name,
    userID: userHandleOf(owner.accountId),
    userName: owner.name,
    userDisplayName: owner.displayName,
    challenge: Uint8Array.from(challenge),
    timeout: CEREMONY_TIMEOUT_MS,
    attestationType: 'none',
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'preferred' },
    supportedAlgorithmIDs: ALGORITHMS,
    excludeCredentials: known.map(descriptorOf),
  });
}

/** The credential in an answer to `challenge` (base64url), given on a page of ours. Raises `second_factors/registration_refused` for any other. */
export async function verifyRegistration(
  party: RelyingParty,
  challenge: string,
  answer: RegistrationAnswer,
): Promise<RegisteredCredential> {
  const verified = await checked(party, challenge, answer).catch((error: unknown) => {
    throw secondFactorErrors.registration_refused({ cause: error });
  });
  if (!verified.verified) throw secondFactorErrors.registration_refused();
  const { credential, credentialBackedUp } = verified.registrationInfo;
  return {
    credentialId: Buffer.from(credential.id, 'base64url'),
    publicKey: Buffer.from(credential.publicKey),
    counter: credential.counter,
    transports: answer.transports,
    backedUp: credentialBackedUp,
  };
}

/** The account as authenticators know it: opaque bytes, as WebAuthn §14.6.1 asks. */
export function userHandleOf(accountId: AccountId): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parse(accountId));
}

export function descriptorOf({ credentialId, transports }: KnownCredential): { id: string; transports: string[] } {
  return { id: credentialId.toString('base64url'), transports: [...transports] };
}

async function checked(party: RelyingParty, challenge: string, answer: RegistrationAnswer): ReturnType<typeof verifyRegistrationResponse> {
  requireOwnPage(answer.clientDataJSON);
  return verifyRegistrationResponse({
    response: {
      id: answer.id,
      rawId: answer.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: answer.clientDataJSON, attestationObject: withoutAttestation(answer.attestationObject) },
    },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    expectedType: 'webauthn.create',
    requireUserVerification: false,
    supportedAlgorithmIDs: ALGORITHMS,
  });
}

/**
 * The same object with an attestation of none, which is what was asked for. A statement that came all the same says nothing we use, and
 * verifying it would parse a stranger's certificates and fetch the addresses they name.
 */
function withoutAttestation(attestationObject: string): string {
  const authData = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject)).get('authData');
  const entries: [string, Parameters<typeof isoCBOR.encode>[0]][] = [
    ['fmt', 'none'],
    ['attStmt', new Map()],
    ['authData', authData],
  ];
  return isoBase64URL.fromBuffer(isoCBOR.encode(new Map(entries)));
}
