import type { ApiKeySummary } from '../../auth.contract.js';
import { KeyDto } from '../keys.dto.js';
import { PickType } from '@nestjs/swagger';

/** Whether a key is blocked, and nothing else of it. */
export class KeyBlockDto extends PickType(KeyDto, ['id', 'organisationId', 'status', 'blocked'] as const) {
  static of(this: void, key: ApiKeySummary, nowMs: number): KeyBlockDto {
    const { id, organisationId, status, blocked } = KeyDto.of(key, nowMs);
    return { id, organisationId, status, blocked };
  }
}
