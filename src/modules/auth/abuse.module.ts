import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AuthModule } from './auth.module.js';
import { AnswerAnomaly } from './core/abuse/answer-anomaly.js';
import { AuditedBlocks } from './core/abuse/audited-blocks.js';
import { BlockKey } from './core/abuse/block-key.js';
import { ForgetCountries } from './core/abuse/forget-countries.js';
import { ReadKeyCountries } from './core/abuse/read-key-countries.js';
import { ReleaseKey } from './core/abuse/release-key.js';
import { TellOfKey } from './core/abuse/tell-of-key.js';
import { KeyBlocksController } from './http/abuse/key-blocks.controller.js';
import { OperatorKeyBlocksController } from './http/abuse/operator-key-blocks.controller.js';
import { AnswerKeyAnomalyJob } from './jobs/answer-key-anomaly.job.js';

/** What follows when a key is used in a way that is not its own (A7): blocks, releases, and who is told. What the request path notices stands in {@link AuthModule}. */
@Module({
  imports: [AuthModule, AuditModule, NotificationsModule, TenantsModule],
  controllers: [KeyBlocksController, OperatorKeyBlocksController],
  providers: [AuditedBlocks, AnswerAnomaly, BlockKey, ReleaseKey, ReadKeyCountries, TellOfKey, ForgetCountries, AnswerKeyAnomalyJob],
})
export class AbuseModule {}
