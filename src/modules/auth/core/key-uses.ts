import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { ApiKeyId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import type { ServiceKeyPrincipal } from '../../../platform/http/principal.js';
import { Log } from '../../../platform/telemetry/logger.js';
import { ApiKeysRepository } from '../data/api-keys.repository.js';
import { KeyOrigins } from './abuse/key-origins.js';

const FLUSH_MS = 30_000;

/** Remembers when each key was last used and writes it down every half minute: one statement for all, and no write per call. */
@Injectable()
export class KeyUses implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private uses = new Map<ApiKeyId, number>();
  /** Of secrets that a newer one has replaced: whether they are still in use is what people wait for. */
  private rotatedUses = new Map<ApiKeyId, number>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly keys: ApiKeysRepository,
    private readonly origins: KeyOrigins,
    private readonly log: Log,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.flush(), FLUSH_MS).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.flush();
  }

  note(id: ApiKeyId, atMs: number): void {
    this.uses.set(id, atMs);
  }

  noteOrigin(principal: ServiceKeyPrincipal, address: string, atMs: number): void {
    this.origins.note(principal, address, atMs);
  }

  noteRotated(id: ApiKeyId, atMs: number): void {
    this.rotatedUses.set(id, atMs);
  }

  /** Never rejects: what could not be written is written next time, unless the process ends first, which costs nobody anything. */
  async flush(): Promise<void> {
    if (this.uses.size === 0) return;
    const [written, rotated] = [this.uses, this.rotatedUses];
    this.uses = new Map();
    this.rotatedUses = new Map();
    try {
      await this.unitOfWork.asSystem(async (tx) => {
        await this.keys.markUsed(tx, written);
        if (rotated.size > 0) await this.keys.markPreviousUsed(tx, rotated);
      });
    } catch (error) {
      this.log.warn('could not write when keys were last used; trying again later', { component: 'auth', err: error });
      this.uses = new Map([...written, ...this.uses]);
      this.rotatedUses = new Map([...rotated, ...this.rotatedUses]);
    }
  }
}
