import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { KeySurroundings } from '../../platform/kms/installation-key.js';
import { EndUserKey } from './core/end-user-key.js';
import { EndUserKeyEntity } from './data/end-user-key.entity.js';
import { RewrapEndUserKeyJob } from './jobs/rewrap-end-user-key.job.js';
import { EndUsers } from './usage.contract.js';

/** Who a call was made for, for the path of a call and for whoever asks afterwards: one key for both. */
@Module({
  imports: [TypeOrmModule.forFeature([EndUserKeyEntity])],
  providers: [KeySurroundings, EndUserKey, { provide: EndUsers, useExisting: EndUserKey }, RewrapEndUserKeyJob],
  exports: [EndUsers],
})
export class EndUsersModule {}
