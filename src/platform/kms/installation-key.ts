import { randomBytes } from 'node:crypto';
import { Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Column, type EntityTarget, PrimaryColumn } from 'typeorm';
import { present } from '../../kernel/assert.js';
import { Clock } from '../../kernel/clock.js';
import { type Id, newId } from '../../kernel/ids.js';
import { type Tx, UnitOfWork } from '../database/unit-of-work.js';
import { Log } from '../telemetry/logger.js';
import { type EnvelopeContext, openEnvelope, rewrapEnvelope, sealEnvelope } from './envelope.js';
import { DATA_KEY_BYTES, KeyManagementService } from './key-management-service.js';

const RETRY_MS = 5_000;
/** How long a start waits for the key management service before it goes on without it, and tries again behind. */
const PATIENCE_MS = 5_000;

export type InstallationKeyId = Id<'installation_key'>;

/** The columns of a table that holds one such key, beside `singleton`, by which there is at most one row. */
export abstract class InstallationKeyEntity {
  @PrimaryColumn({ type: 'uuid' })
  id: InstallationKeyId;

  @Column({ type: 'smallint', name: 'format_version' })
  formatVersion: number;

  @Column({ type: 'text', name: 'kms_key_id' })
  kmsKeyId: string;

  @Column({ type: 'bytea', name: 'wrapped_key' })
  wrappedKey: Buffer;

  @Column({ type: 'bytea' })
  ciphertext: Buffer;

  @Column({ type: 'timestamptz', name: 'created_at' })
  createdAt: Date;
}

/** What a key's keeper needs. */
@Injectable()
export class KeySurroundings {
  constructor(
    readonly unitOfWork: UnitOfWork,
    readonly clock: Clock,
    readonly log: Log,
    private readonly http: HttpAdapterHost,
  ) {}

  /** Whether this process answers requests. An application opened by the command line has no HTTP adapter. */
  serves(): boolean {
    return typeof this.http.httpAdapter?.getType === 'function' && this.http.httpAdapter.getType() === 'fastify';
  }
}

/** Which key it is. */
export interface KeyIdentity {
  readonly entity: EntityTarget<InstallationKeyEntity>;
  /** What its envelope is bound to. */
  readonly what: EnvelopeContext['what'];
  /** Whose key it is, for the log. */
  readonly component: string;
}

/**
 * One key of the whole installation in memory, so that what uses it inside a transaction or on the way of a call computes and asks nobody (K1). It is
 * kept in the database sealed by the key management service; a server opens it at its start, and makes it the first time. Once open it stays: an
 * outage of that service stops nothing.
 */
export abstract class InstallationKey implements OnApplicationBootstrap, OnModuleDestroy {
  private opened: Buffer | null = null;
  private opening: Promise<void> | null = null;
  private retry: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly identity: KeyIdentity,
    private readonly kms: KeyManagementService,
    private readonly around: KeySurroundings,
  ) {}

  /** Only a server: the command line opens many applications that need no key, and `doctor` must make nothing up. */
  async onApplicationBootstrap(): Promise<void> {
    if (!this.around.serves()) return;
    const inTime = new Promise<void>((resolve) => void setTimeout(resolve, PATIENCE_MS).unref());
    await Promise.race([this.keepTrying(), inTime]);
  }

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.retry);
    this.opened?.fill(0);
    this.opened = null;
  }

  /** Opens the key, or makes the installation's first. Call it outside any transaction. Raises `kms/*`. */
  ready(): Promise<void> {
    if (this.opened !== null) return Promise.resolve();
    this.opening ??= this.open().finally(() => {
      this.opening = null;
    });
    return this.opening;
  }

  /** Whether there is a key and it opens; makes none and keeps none. Raises `kms/*` when it does not. */
  async inspect(): Promise<'absent' | 'opens'> {
    const row = await this.find();
    if (row === null) return 'absent';
    (await openEnvelope(this.kms, row, this.contextOf(row))).fill(0);
    return 'opens';
  }

  /** Follows a rotation of the root key (K3). Answers whether there was something to do. Raises `kms/*`. */
  async rewrap(): Promise<boolean> {
    const { kms } = this;
    const row = await this.find();
    if (row === null || row.kmsKeyId === (await kms.currentKeyId())) return false;
    const { kmsKeyId, wrappedKey } = await rewrapEnvelope(kms, row, this.contextOf(row));
    // Nothing is written when somebody else has moved it meanwhile.
    const before = { id: row.id, kmsKeyId: row.kmsKeyId, wrappedKey: row.wrappedKey };
    const { affected } = await this.around.unitOfWork.asSystem((tx) => tx.update(this.identity.entity, before, { kmsKeyId, wrappedKey }));
    return affected === 1;
  }

  /** The key, while it is open. Whoever takes it derives from it and lets go. */
  protected get key(): Buffer | null {
    return this.opened;
  }

  private async keepTrying(): Promise<void> {
    try {
      await this.ready();
    } catch (error) {
      if (this.stopped) return;
      this.around.log.warn('a key of the installation cannot be opened; trying until it can', {
        component: this.identity.component,
        err: error,
      });
      this.retry = setTimeout(() => void this.keepTrying(), RETRY_MS).unref();
    }
  }

  private async open(): Promise<void> {
    const row = (await this.find()) ?? (await this.makeFirst());
    const key = await openEnvelope(this.kms, row, this.contextOf(row));
    if (this.stopped) key.fill(0);
    else this.opened = key;
  }

  private async makeFirst(): Promise<InstallationKeyEntity> {
    const { unitOfWork, clock } = this.around;
    const id = newId<InstallationKeyId>();
    const fresh = randomBytes(DATA_KEY_BYTES);
    try {
      const row = { ...(await sealEnvelope(this.kms, fresh, this.contextOf({ id }))), id, createdAt: clock.now() };
      return await unitOfWork.asSystem(async (tx) => {
        await tx.createQueryBuilder().insert().into(this.identity.entity).values(row).orIgnore().execute();
        // That of another process, if it was first.
        return present(await this.find(tx), 'the key that was made');
      });
    } finally {
      fresh.fill(0);
    }
  }

  private find(tx?: Tx): Promise<InstallationKeyEntity | null> {
    const read = (within: Tx) => within.findOne(this.identity.entity, { where: {} });
    return tx ? read(tx) : this.around.unitOfWork.asSystem(read);
  }

  private contextOf({ id }: Pick<InstallationKeyEntity, 'id'>): EnvelopeContext {
    return { what: this.identity.what, row: { key: id } };
  }
}
