import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import type { SessionId } from '../../../../kernel/ids.js';
import { hashSecret } from '../../../../kernel/secrets.js';
import { publicUrl } from '../../../../platform/config/public-url.js';
import { Settings } from '../../../../platform/config/settings.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import type { Ceremony } from '../../data/second-factor/webauthn-challenge.entity.js';
import { WebauthnChallengesRepository } from '../../data/second-factor/webauthn-challenges.repository.js';
import { type RelyingParty, relyingPartyOf } from './relying-party.js';
import { claimedChallenge } from './webauthn-client-data.js';

const CHALLENGE_BYTES = 32;
const LIFE_MS = 300_000;

/** Challenges: 256 random bits, for one ceremony in one session, answered once within five minutes. Kept as SHA-256. */
@Injectable()
export class WebauthnChallenges {
  constructor(
    private readonly challenges: WebauthnChallengesRepository,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  /** Who challenges come from. Raises `second_factors/webauthn_unavailable`. */
  get party(): RelyingParty {
    return relyingPartyOf(publicUrl(this.settings));
  }

  /** `sessionId`: the only session that may answer; null for a passkey, which has none yet. */
  async give(tx: Tx, ceremony: Ceremony, sessionId: SessionId | null): Promise<Buffer> {
    const challenge = randomBytes(CHALLENGE_BYTES);
    const expiresAt = new Date(this.clock.nowMs() + LIFE_MS);
    await this.challenges.insert(tx, { challengeHash: hashSecret(challenge.toString('base64url')), ceremony, sessionId, expiresAt });
    return challenge;
  }

  /**
   * The challenge (base64url) that an answer claims to be for, if it was given for this ceremony in this session and nobody has answered it; else
   * null. Taken in a transaction of its own, so that a wrong answer uses it up too.
   */
  async take(tx: Tx, ceremony: Ceremony, sessionId: SessionId | null, clientDataJSON: string): Promise<string | null> {
    const challenge = claimedChallenge(clientDataJSON);
    if (challenge === null) return null;
    const taken = await this.challenges.take(tx, { challengeHash: hashSecret(challenge), ceremony, sessionId }, this.clock.now());
    return taken ? challenge : null;
  }
}
