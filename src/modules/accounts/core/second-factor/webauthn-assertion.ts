import {
  generateAuthenticationOptions,
  type PublicKeyCredentialRequestOptionsJSON,
  verifyAuthenticationResponse,
} from '@simplewebauthn/server';
import type { AccountId } from '../../../../kernel/ids.js';
import { secondFactorErrors } from '../../second-factor.errors.js';
import type { RelyingParty } from './relying-party.js';
import { requireOwnPage } from './webauthn-client-data.js';
import { CEREMONY_TIMEOUT_MS, descriptorOf, type KnownCredential, userHandleOf } from './webauthn-registration.js';

/** An answer of `navigator.credentials.get()`, the parts that are looked at. */
export interface AssertionAnswer {
  readonly id: string;
  readonly clientDataJSON: string;
  readonly authenticatorData: string;
  readonly signature: string;
  readonly userHandle: string | null;
}

/** What a credential is used for. A passkey is both factors by itself, so its holder must have been verified by the device. */
export type AssertionUse = 'second_factor' | 'passkey';

/** What was proven: this credential signed, on a page of ours, for this challenge. The counter is for the caller to compare and set. */
export interface ProvenAssertion {
  readonly counter: number;
  readonly backedUp: boolean;
}

export interface CredentialKey {
  readonly accountId: AccountId;
  readonly credentialId: Buffer;
  readonly publicKey: Buffer;
}

/** What the browser is asked to sign with: one of `known`, or any passkey it has for this site when there are none. */
export function assertionOptions(
  party: RelyingParty,
  use: AssertionUse,
  challenge: Buffer,
  known: readonly KnownCredential[],
): Promise<PublicKeyCredentialRequestOptionsJSON> {
  return generateAuthenticationOptions({
    rpID: party.id,
    challenge: Uint8Array.from(challenge),
    timeout: CEREMONY_TIMEOUT_MS,
    userVerification: use === 'passkey' ? 'required' : 'preferred',
    allowCredentials: known.map(descriptorOf),
  });
}

/** Raises `second_factors/refused` unless `credential` signed `challenge` (base64url) for this use. */
export async function verifyAssertion(
  party: RelyingParty,
  expected: { readonly use: AssertionUse; readonly challenge: string; readonly credential: CredentialKey },
  answer: AssertionAnswer,
): Promise<ProvenAssertion> {
  const { use, challenge, credential } = expected;
  const isOwners = answer.userHandle === null ? use === 'second_factor' : answer.userHandle === handleText(credential.accountId);
  if (!isOwners) throw secondFactorErrors.refused();
  const { verified, authenticationInfo } = await checked(party, { use, challenge, credential }, answer).catch((error: unknown) => {
    throw secondFactorErrors.refused({ cause: error });
  });
  if (!verified) throw secondFactorErrors.refused();
  return { counter: authenticationInfo.newCounter, backedUp: authenticationInfo.credentialBackedUp };
}

async function checked(
  party: RelyingParty,
  { use, challenge, credential }: { readonly use: AssertionUse; readonly challenge: string; readonly credential: CredentialKey },
  answer: AssertionAnswer,
): ReturnType<typeof verifyAuthenticationResponse> {
  requireOwnPage(answer.clientDataJSON);
  return verifyAuthenticationResponse({
    response: {
      id: answer.id,
      rawId: answer.id,
      type: 'public-key',
      clientExtensionResults: {},
      response: { clientDataJSON: answer.clientDataJSON, authenticatorData: answer.authenticatorData, signature: answer.signature },
    },
    expectedChallenge: challenge,
    expectedOrigin: party.origin,
    expectedRPID: party.id,
    expectedType: 'webauthn.get',
    requireUserVerification: use === 'passkey',
    // A counter of 0 keeps the library from comparing counters. It would do so before it has looked at the signature, and anyone who knows a
    // credential's id could have it taken for cloned.
    credential: { id: answer.id, publicKey: Uint8Array.from(credential.publicKey), counter: 0 },
  });
}

function handleText(accountId: AccountId): string {
  return Buffer.from(userHandleOf(accountId)).toString('base64url');
}
