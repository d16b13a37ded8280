import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Clock } from '../../../kernel/clock.js';
import { newId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { openEnvelope, rewrapEnvelope, sealEnvelope } from '../../../platform/kms/envelope.js';
import { encodeKeyContext } from '../../../platform/kms/key-context.js';
import { DATA_KEY_BYTES, KeyManagementService } from '../../../platform/kms/key-management-service.js';
import { kmsErrors } from '../../../platform/kms/kms.errors.js';
import { Log } from '../../../platform/telemetry/logger.js';
import type { NotificationKeyId, NotificationKeyRow } from '../data/notification-key.entity.js';
import { NotificationKeyRepository } from '../data/notification-key.repository.js';
import { notificationsErrors } from '../notifications.errors.js';

/** What a derived key is for. One use can never open, forge or link what belongs to another. */
export type KeyUse = 'mail' | 'webhook_secret' | 'address_hash' | 'unsubscribe';

const FORMAT = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const RETRY_MS = 5_000;
/** How long a start waits for the key management service before it goes on without it, and tries again behind. */
const PATIENCE_MS = 5_000;

/** What the key's keeper needs besides. */
@Injectable()
export class KeySurroundings {
  constructor(
    readonly clock: Clock,
    readonly log: Log,
    private readonly http: HttpAdapterHost,
  ) {}

  /** Whether this process answers requests. An application opened by the command line has no HTTP adapter. */
  serves(): boolean {
    return typeof this.http.httpAdapter?.getType === 'function' && this.http.httpAdapter.getType() === 'fastify';
  }
}

/**
 * The module's key in memory, so that sealing inside a transaction computes and asks nobody (K1). It is kept in the database sealed by the key
 * management service; a server opens it at its start, and makes it the first time. Once open it stays: an outage of that service stops no mail.
 */
@Injectable()
export class NotificationKeys implements OnApplicationBootstrap, OnModuleDestroy {
  private key: Buffer | null = null;
  private opening: Promise<void> | null = null;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly kms: KeyManagementService,
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: NotificationKeyRepository,
    private readonly around: KeySurroundings,
  ) {}

  /** Only a server: the command line opens many applications that send nothing, and `doctor` must make nothing up. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.around.serves()) return;
    const inTime = new Promise<void>((resolve) => void setTimeout(resolve, PATIENCE_MS).unref());
    await Promise.race([this.keepTrying(), inTime]);
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.key?.fill(0);
    this.key = null;
  }

  /** Opens the key, or makes the installation's first. Call it outside any transaction. Raises `kms/*`. */
  ready(): Promise<void> {
    if (this.key !== null) return Promise.resolve();
    this.opening ??= this.open().finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  /** `1 ‖ iv ‖ ciphertext ‖ tag`, opened again only for the same use and name. Raises `notifications/key_not_ready`. */
  seal(use: KeyUse, name: string, plaintext: string): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.derive(use, name), iv);
    cipher.setAAD(boundTo(use, name));
    return Buffer.concat([Buffer.of(FORMAT), iv, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  }

  /** What was sealed. Raises `notifications/key_not_ready`, and `kms/unreadable` for damage, another name and another use. */
  unseal(use: KeyUse, name: string, sealed: Buffer): string {
    const key = this.derive(use, name);
    if (sealed[0] !== FORMAT || sealed.byteLength < 1 + IV_BYTES + TAG_BYTES) throw kmsErrors.unreadable();
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 1 + IV_BYTES), { authTagLength: TAG_BYTES });
    decipher.setAAD(boundTo(use, name));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const opened = decipher.update(sealed.subarray(1 + IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
    } catch (error) {
      opened.fill(0);
      throw kmsErrors.unreadable({ cause: error });
    }
    return opened.toString('utf8');
  }

  /** HMAC-SHA256 under this use's key: recognises a value, or proves who wrote it. Raises `notifications/key_not_ready`. */
  mac(use: KeyUse, text: string): Buffer {
    return createHmac('sha256', this.derive(use, '')).update(text, 'utf8').digest();
  }

  /** Whether there is a key and it opens; makes none and keeps none. Raises `kms/*` when it does not. */
  async inspect(): Promise<'absent' | 'opens'> {
    const row = await this.unitOfWork.asSystem((tx) => this.repository.find(tx));
    if (row === null) return 'absent';
    (await openEnvelope(this.kms, row, contextOf(row.id))).fill(0);
    return 'opens';
  }

  /** Follows a rotation of the root key (K3). Answers whether there was something to do. Raises `kms/*`. */
  async rewrap(): Promise<boolean> {
    const row = await this.unitOfWork.asSystem((tx) => this.repository.find(tx));
    if (row === null || row.kmsKeyId === (await this.kms.currentKeyId())) return false;
    const rewrapped = await rewrapEnvelope(this.kms, row, contextOf(row.id));
    return this.unitOfWork.asSystem((tx) => this.repository.rewrap(tx, row, rewrapped));
  }

  /** A key per use and name, so that no two values are ever sealed under the same one. */
  private derive(use: KeyUse, name: string): Buffer {
    if (this.key === null) throw notificationsErrors.key_not_ready({ details: { retryAfterSeconds: 5 } });
    return Buffer.from(hkdfSync('sha256', this.key, Buffer.from(name, 'utf8'), `lethe/notifications/${use}/1`, DATA_KEY_BYTES));
  }

  private async keepTrying(): Promise<void> {
    try {
      await this.ready();
    } catch (error) {
      if (this.stopped) return;
      this.around.log.warn('the key for mails and webhooks cannot be opened; trying until it can', {
        component: 'notifications',
        err: error,
      });
      this.retry = setTimeout(() => void this.keepTrying(), RETRY_MS).unref();
    }
  }

  private async open(): Promise<void> {
    const row = (await this.unitOfWork.asSystem((tx) => this.repository.find(tx))) ?? (await this.makeFirst());
    const key = await openEnvelope(this.kms, row, contextOf(row.id));
    if (this.stopped) key.fill(0);
    else this.key = key;
  }

  private async makeFirst(): Promise<NotificationKeyRow> {
    const id = newId<NotificationKeyId>();
    const fresh = randomBytes(DATA_KEY_BYTES);
    try {
      const sealed = await sealEnvelope(this.kms, fresh, contextOf(id));
      const row = { ...sealed, id, createdAt: this.around.clock.now() };
      return await this.unitOfWork.asSystem(async (tx) => {
        if (await this.repository.addFirst(tx, row)) return row;
        return (await this.repository.find(tx)) ?? row;
      });
    } finally {
      fresh.fill(0);
    }
  }
}

function contextOf(id: NotificationKeyId) {
  return { what: 'notifications', row: { key: id } };
}

function boundTo(use: KeyUse, name: string): Buffer {
  return encodeKeyContext({ purpose: `lethe/notifications/${use}/1`, name });
}
