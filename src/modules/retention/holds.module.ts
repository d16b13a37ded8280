import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { LegalHolds } from '../../contracts/legal-holds.js';
import { CommittedLegalHolds } from './core/holds/committed-legal-holds.js';
import { LegalHoldEntity } from './data/legal-hold.entity.js';
import { LegalHoldsRepository } from './data/legal-holds.repository.js';

/** What may not be deleted, for every module that deletes: offers {@link LegalHolds}. Below all modules, as the windows are. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([LegalHoldEntity])],
  providers: [LegalHoldsRepository, { provide: LegalHolds, useClass: CommittedLegalHolds }],
  exports: [LegalHoldsRepository, LegalHolds],
})
export class HoldsModule {}
