// The content module on a database of its own, with what stands around it in the application.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { ErasureLedger } from '../../src/contracts/erasure-ledger.js';
import { PolicyProfile } from '../../src/contracts/policy-profile.js';
import type { Clock } from '../../src/kernel/clock.js';
import { type ApiKeyId, type CallId, newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { BackupWindows } from '../../src/modules/backups/core/backup-windows.js';
import { CommittedErasureLedger } from '../../src/modules/backups/core/erasures/committed-erasure-ledger.js';
import { ErasuresRepository } from '../../src/modules/backups/data/erasures.repository.js';
import { type CapturedCall, ContentKeeper, type KeepRule } from '../../src/modules/content/content.contract.js';
import { ContentModule } from '../../src/modules/content/content.module.js';
import { readProfile } from '../../src/modules/retention/core/profile/read-profile.js';
import { HoldsModule } from '../../src/modules/retention/holds.module.js';
import { BlobFolder } from '../../src/platform/blob/blob-folder.js';
import { BlobStore } from '../../src/platform/blob/blob-store.js';
import { blobErrors } from '../../src/platform/blob/blob.errors.js';
import type { Settings } from '../../src/platform/config/settings.js';
import { Metrics } from '../../src/platform/telemetry/metrics.js';
import { ConfigurationApp } from './configuration.js';
import { SteerableKeeper } from './steerable-keeper.js';
import { fixedWindows } from './windows.js';

@Global()
@Module({})
class AroundContent {
  static with(blobs: BlobStore): DynamicModule {
    return {
      module: AroundContent,
      providers: [
        { provide: PolicyProfile, useValue: readProfile('enterprise') },
        { provide: BlobStore, useValue: blobs },
        BackupWindows,
        ErasuresRepository,
        { provide: ErasureLedger, useClass: CommittedErasureLedger },
      ],
      exports: [PolicyProfile, BlobStore, ErasureLedger],
    };
  }
}

/** The folder of the blob store, which can be away. */
export class SteerableFolder extends BlobFolder {
  isAway = false;

  constructor(readonly folder: string) {
    super(folder);
  }

  override put(...request: Parameters<BlobStore['put']>): Promise<number> {
    return this.isAway ? Promise.reject(blobErrors.unavailable()) : super.put(...request);
  }

  override get(...request: Parameters<BlobStore['get']>): Promise<Readable> {
    return this.isAway ? Promise.reject(blobErrors.unavailable()) : super.get(...request);
  }
}

export const AS_PAYLOAD: KeepRule = { store: 'payload', days: 30, redact: false, grantId: null };
export const AS_FAILED_INPUT: KeepRule = { store: 'failed_input', days: 30, redact: true, grantId: null };

/** The module under the profile `enterprise`, payloads and failed inputs kept for 30 days. */
export class TestContent {
  private constructor(
    readonly app: ConfigurationApp,
    readonly kms: SteerableKeeper,
    readonly blobs: SteerableFolder,
    readonly organisationId: OrganisationId,
  ) {}

  static async start(options: { readonly settings?: Partial<Settings>; readonly clock?: Clock } = {}): Promise<TestContent> {
    const keepers: SteerableKeeper[] = [];
    const blobs = new SteerableFolder(mkdtempSync(join(tmpdir(), 'lethe-content-')));
    const app = await ConfigurationApp.start([AroundContent.with(blobs), HoldsModule, ContentModule], {
      ...options,
      windows: fixedWindows({ payload: 30, failed_input: 30 }),
      kms: (local) => {
        const keeper = new SteerableKeeper(local);
        keepers.push(keeper);
        return keeper;
      },
    });
    return new TestContent(app, keepers[0] as SteerableKeeper, blobs, await app.organisation());
  }

  async stop(): Promise<void> {
    await this.app.stop();
    rmSync(this.blobs.folder, { recursive: true, force: true });
  }

  get keeper(): ContentKeeper {
    return this.app.get(ContentKeeper);
  }

  /** Hands a call over, and answers its id and whether it was taken. */
  take(change: Partial<CapturedCall> = {}, rule: KeepRule = AS_PAYLOAD): { readonly id: CallId; readonly taken: boolean } {
    const call: CapturedCall = {
      id: newId<CallId>(),
      organisationId: this.organisationId,
      projectId: newId<ProjectId>(),
      keyId: newId<ApiKeyId>(),
      request: Buffer.from('{"messages":[{"role":"user","content":"a word nobody else says"}]}'),
      answer: [Buffer.from('{"choices":'), Buffer.from('[]}')],
      answerCut: false,
      secrets: [],
      ...change,
    };
    return { id: call.id, taken: this.keeper.keep(rule, call) };
  }

  /** The same, once it is written. */
  async kept(change: Partial<CapturedCall> = {}, rule: KeepRule = AS_PAYLOAD): Promise<CallId> {
    const { id } = this.take(change, rule);
    await this.app.until(async () => (await this.count(rule, id)) === 1);
    return id;
  }

  async count({ store }: KeepRule, id: CallId): Promise<number> {
    const table = { payload: 'call_payload', failed_input: 'call_failed_input', granted: 'call_granted_content' }[store];
    return (await this.app.owner.query(`SELECT FROM ${table} WHERE call_id = $1`, [id])).rowCount ?? 0;
  }

  /** As the API shows it to an operator who may do everything. */
  async read(id: CallId, organisationId = this.organisationId): Promise<{ readonly status: number; readonly body: ReadBody }> {
    const answer = await this.app.request('GET', `/organisations/${organisationId}/calls/${id}/content?purpose=security_review`);
    return { status: answer.statusCode, body: answer.json() as ReadBody };
  }

  /** How many calls were dropped, by reason. */
  async dropped(reason: string): Promise<number> {
    const text = await this.app.get(Metrics).render();
    return Number(new RegExp(`lethe_content_dropped_total\\{reason="${reason}"\\} (\\d+)`).exec(text)?.[1] ?? 0);
  }
}

export interface ReadBody {
  readonly code?: string;
  readonly store: string;
  readonly keyVersion: number;
  readonly redacted: boolean;
  readonly request: { readonly encoding: string; readonly body: string; readonly cut: boolean };
  readonly answer: { readonly encoding: string; readonly body: string; readonly cut: boolean } | null;
}
