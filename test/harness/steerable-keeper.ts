import { kmsErrors } from '../../src/platform/kms/kms.errors.js';
import type { KeyContext } from '../../src/platform/kms/key-context.js';
import { KeyManagementService, type WrappedKey } from '../../src/platform/kms/key-management-service.js';

/** A keeper of root keys, which is an outside party, with the ways such a one behaves: it answers, is down, or takes its time. */
export class SteerableKeeper extends KeyManagementService {
  mode: 'up' | 'down' | 'held' = 'up';
  unwraps = 0;
  wraps = 0;
  /** Called before each wrap, with how many there were. */
  beforeWrap: (wraps: number) => Promise<void> | void = () => undefined;
  private held = Promise.withResolvers<void>();

  constructor(private readonly real: KeyManagementService) {
    super();
  }

  /** Lets the calls held back go on. */
  letGo(): void {
    this.held.resolve();
    this.held = Promise.withResolvers();
  }

  override async wrap(dataKey: Uint8Array, context: KeyContext): Promise<WrappedKey> {
    await this.beforeWrap(this.wraps);
    this.wraps += 1;
    await this.behave();
    return this.real.wrap(dataKey, context);
  }

  override async unwrap(wrapped: WrappedKey, context: KeyContext): Promise<Buffer> {
    this.unwraps += 1;
    if (this.mode === 'held') await this.held.promise;
    await this.behave();
    return this.real.unwrap(wrapped, context);
  }

  override async currentKeyId(): Promise<string> {
    await this.behave();
    return this.real.currentKeyId();
  }

  override dispose(): Promise<void> {
    return this.real.dispose();
  }

  private async behave(): Promise<void> {
    if (this.mode === 'down') throw kmsErrors.unavailable();
  }
}
