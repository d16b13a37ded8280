import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { AuditModule } from '../audit/audit.module.js';
import { PolicyBooks, PutProfileInForce } from './core/profile/put-profile-in-force.js';
import { ChangeOrganisationPolicy, PolicyDesk } from './core/windows/change-organisation-policy.js';
import { LeastWindows } from './core/windows/least-windows.js';
import { PolicyInForceRepository } from './data/policy-in-force.repository.js';
import { HeldRowsController } from './http/held-rows.controller.js';
import { LegalHoldsController } from './http/legal-holds.controller.js';
import { OrganisationHoldsController } from './http/organisation-holds.controller.js';
import { ReceiptsController } from './http/receipts.controller.js';
import { OrganisationPlanController } from './http/organisation-plan.controller.js';
import { OrganisationPolicyController } from './http/organisation-policy.controller.js';
import { HoldsModule } from './holds.module.js';
import { PURGE_PARTS } from './purge-parts.js';
import { PartitionMaintenance } from './retention.contract.js';

/** Lets data go when its time is over, keeps what a legal hold covers, and keeps the policy profile. Offers {@link PartitionMaintenance}. Needs `WindowsModule`. */
@Module({
  imports: [DiscoveryModule, AuditModule, HoldsModule],
  controllers: [
    OrganisationPolicyController,
    OrganisationPlanController,
    LegalHoldsController,
    HeldRowsController,
    OrganisationHoldsController,
    ReceiptsController,
  ],
  providers: [...PURGE_PARTS, LeastWindows, PolicyDesk, ChangeOrganisationPolicy, PolicyInForceRepository, PolicyBooks, PutProfileInForce],
  exports: [PartitionMaintenance],
})
export class RetentionModule {}
