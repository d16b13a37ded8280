import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PolicyProfile } from '../../contracts/policy-profile.js';
import { Settings } from '../../platform/config/settings.js';
import { AuditModule } from '../audit/audit.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { ContentGate, ContentKeeper } from './content.contract.js';
import { ContentExpiry } from './core/content-expiry.js';
import { AuditedSettings } from './core/gate/audited-settings.js';
import { ChangeSetting } from './core/gate/change-setting.js';
import { ContentAllowance } from './core/gate/content-allowance.js';
import { ContentPolicies } from './core/gate/content-policies.js';
import { PolicyGate } from './core/gate/policy-gate.js';
import { AuditedGrants } from './core/grants/audited-grants.js';
import { CloseGrant } from './core/grants/close-grant.js';
import { GrantScopes } from './core/grants/grant-scopes.js';
import { OpenGrant } from './core/grants/open-grant.js';
import { ReadGrants } from './core/grants/read-grants.js';
import { BlobLane } from './core/keeping/blob-lane.js';
import { ContentBlobs } from './core/keeping/content-blobs.js';
import { KeepingWatch } from './core/keeping/keeping-watch.js';
import { KeepingSteps, QueuedKeeper } from './core/keeping/queued-keeper.js';
import { SealCall } from './core/keeping/seal-call.js';
import { SweepBlobs } from './core/keeping/sweep-blobs.js';
import { WriteContents } from './core/keeping/write-contents.js';
import { AuditedContentKeys } from './core/keys/audited-content-keys.js';
import { ContentKeyDesk } from './core/keys/content-key-desk.js';
import { ContentKeys } from './core/keys/content-keys.js';
import { DestroyContentKeys } from './core/keys/destroy-content-keys.js';
import { ErasedKeys } from './core/keys/erased-keys.js';
import { OpenContentKey } from './core/keys/open-content-key.js';
import { ReadContentKeys } from './core/keys/read-content-keys.js';
import { ReplayKeyDestruction } from './core/keys/replay-key-destruction.js';
import { RewrapContentKeys } from './core/keys/rewrap-content-keys.js';
import { RotateContentKey } from './core/keys/rotate-content-key.js';
import { RotateOldKeys } from './core/keys/rotate-old-keys.js';
import { AbsentContent } from './core/reading/absent-content.js';
import { AdmitReader } from './core/reading/admit-reader.js';
import { ContentPlaces, FindContent } from './core/reading/find-content.js';
import { ReadContent } from './core/reading/read-content.js';
import { readPatterns } from './core/redaction/read-patterns.js';
import { WorkerRedactor } from './core/redaction/worker-redactor.js';
import { ContentBlobsRepository } from './data/content-blobs.repository.js';
import { CallContentsRepository } from './data/call-contents.repository.js';
import { ContentKeyEntity } from './data/content-key.entity.js';
import { ContentKeysRepository } from './data/content-keys.repository.js';
import { ContentSettingEntity } from './data/content-setting.entity.js';
import { ContentSettingsRepository } from './data/content-settings.repository.js';
import './data/content.inventory.js';
import { TroubleshootingGrantEntity } from './data/troubleshooting-grant.entity.js';
import { TroubleshootingGrantsRepository } from './data/troubleshooting-grants.repository.js';
import { ContentController } from './http/content.controller.js';
import { ContentKeysController } from './http/content-keys.controller.js';
import { ContentSettingController } from './http/content-setting.controller.js';
import { TroubleshootingGrantsController } from './http/troubleshooting-grants.controller.js';
import { CloseGrantsJob } from './jobs/close-grants.job.js';
import { KeepContentKeysJob } from './jobs/keep-content-keys.job.js';
import { Redactor } from './redaction.contract.js';

const gate = [ContentPolicies, ContentAllowance, AuditedSettings, ChangeSetting, { provide: ContentGate, useClass: PolicyGate }];
const keys = [
  AuditedContentKeys,
  ContentKeyDesk,
  OpenContentKey,
  ContentKeys,
  ReadContentKeys,
  RotateContentKey,
  RotateOldKeys,
  RewrapContentKeys,
  ErasedKeys,
  DestroyContentKeys,
  ReplayKeyDestruction,
  KeepContentKeysJob,
];
const redactor = {
  provide: Redactor,
  useFactory: ({ content }: PolicyProfile, { redactionPatterns }: Settings) =>
    new WorkerRedactor({ personalData: content.redactPersonalData, patterns: readPatterns(redactionPatterns) }),
  inject: [PolicyProfile, Settings],
};
const keeping = [
  redactor,
  KeepingWatch,
  SealCall,
  WriteContents,
  BlobLane,
  KeepingSteps,
  ContentBlobs,
  SweepBlobs,
  { provide: ContentKeeper, useClass: QueuedKeeper },
];
const grants = [AuditedGrants, GrantScopes, OpenGrant, CloseGrant, ReadGrants, CloseGrantsJob];

const reading = [AbsentContent, ContentPlaces, FindContent, AdmitReader, ReadContent];

/** What was said in calls: whether it is kept, under which key, for how long, and who reads it for what. */
@Module({
  imports: [
    TypeOrmModule.forFeature([ContentKeyEntity, ContentSettingEntity, TroubleshootingGrantEntity]),
    DiscoveryModule,
    AuditModule,
    TenantsModule,
  ],
  controllers: [ContentController, ContentSettingController, ContentKeysController, TroubleshootingGrantsController],
  providers: [
    ContentKeysRepository,
    ContentSettingsRepository,
    TroubleshootingGrantsRepository,
    CallContentsRepository,
    ContentBlobsRepository,
    ContentExpiry,
    ...reading,
    ...gate,
    ...keys,
    ...keeping,
    ...grants,
  ],
  exports: [ContentGate, ContentKeeper],
})
export class ContentModule implements OnApplicationShutdown {
  constructor(private readonly redactor: Redactor) {}

  async onApplicationShutdown(): Promise<void> {
    await this.redactor.stop();
  }
}
