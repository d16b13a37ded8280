import { Injectable } from '@nestjs/common';
import { IsNull, LessThanOrEqual, MoreThan } from 'typeorm';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { WebauthnChallengeEntity } from './webauthn-challenge.entity.js';

/** Challenges that wait for their answer. Only the system role reaches them. */
@Injectable()
export class WebauthnChallengesRepository {
  async insert(tx: Tx, challenge: WebauthnChallengeEntity): Promise<void> {
    await tx.insert(WebauthnChallengeEntity, challenge);
  }

  /** Takes a challenge out: true for exactly one answer, given for the same ceremony in the same session before its time was over. */
  async take(tx: Tx, claimed: Omit<WebauthnChallengeEntity, 'expiresAt'>, at: Date): Promise<boolean> {
    const { affected } = await tx.delete(WebauthnChallengeEntity, {
      challengeHash: claimed.challengeHash,
      ceremony: claimed.ceremony,
      sessionId: claimed.sessionId ?? IsNull(),
      expiresAt: MoreThan(at),
    });
    return affected === 1;
  }

  async sweep(tx: Tx, at: Date): Promise<number> {
    return (await tx.delete(WebauthnChallengeEntity, { expiresAt: LessThanOrEqual(at) })).affected ?? 0;
  }
}
