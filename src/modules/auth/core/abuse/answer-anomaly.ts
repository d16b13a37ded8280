import { Injectable } from '@nestjs/common';
import type { KeyAnomaly, KeyAnomalySighting } from '../../../../contracts/key-anomaly.js';
import { Settings } from '../../../../platform/config/settings.js';
import { type Tx, UnitOfWork } from '../../../../platform/database/unit-of-work.js';
import type { ApiKeyEntity } from '../../data/api-key.entity.js';
import { AuditedBlocks } from './audited-blocks.js';
import { TellOfKey } from './tell-of-key.js';

const ACTOR = { kind: 'system', id: 'abuse' } as const;

/** Answers a sign of abuse as `LETHE_ABUSE_ACTION` says (A7): tells the key's organisation, or blocks the key and tells it. */
@Injectable()
export class AnswerAnomaly {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly blocks: AuditedBlocks,
    private readonly telling: TellOfKey,
    private readonly settings: Settings,
  ) {}

  /** Once, however often the sign is delivered; one that is older than another already answered has nothing new to say. */
  async run({ organisationId, keyId, reason, atMs }: KeyAnomalySighting): Promise<void> {
    if (this.settings.abuseAction === 'off') return;
    const at = new Date(atMs);
    await this.unitOfWork.asSystem(async (tx) => {
      const key = await this.blocks.find(tx, { organisationId, id: keyId });
      if (key === null || !isNews(key, reason, at)) return;
      await this.answer(tx, key, reason, at);
    });
  }

  private async answer(tx: Tx, key: ApiKeyEntity, reason: KeyAnomaly, at: Date): Promise<void> {
    await this.blocks.suspect(tx, key, { reason, at }, ACTOR);
    const isBlocking = this.settings.abuseAction === 'block';
    if (isBlocking) await this.blocks.block(tx, key, { reason, at }, ACTOR);
    await this.telling.run(tx, isBlocking ? 'key_blocked' : 'key_suspected', key, reason);
  }
}

/** Whether a sign says something that neither a block, nor an answer before it, nor a release from the same has dealt with. */
function isNews(key: ApiKeyEntity, reason: KeyAnomaly, at: Date): boolean {
  if (key.blockedAt !== null) return false;
  if (key.suspectedAt !== null && at <= key.suspectedAt) return false;
  return key.graceReason !== reason || key.graceUntil === null || at >= key.graceUntil;
}
