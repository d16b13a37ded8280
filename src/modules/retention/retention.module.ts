import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ExpiringTableRegistry } from './core/expiring-table-registry.js';
import { AuditModule } from '../audit/audit.module.js';
import { MaintainPartitions } from './core/maintain-partitions.js';
import { Partitions } from './core/partitions.js';
import { AuditedClock, PutProfileInForce } from './core/profile/put-profile-in-force.js';
import { ChangeOrganisationPolicy, PolicyDesk } from './core/windows/change-organisation-policy.js';
import { LeastWindows } from './core/windows/least-windows.js';
import { PolicyInForceRepository } from './data/policy-in-force.repository.js';
import { OrganisationPlanController } from './http/organisation-plan.controller.js';
import { OrganisationPolicyController } from './http/organisation-policy.controller.js';
import { MaintainPartitionsJob } from './jobs/maintain-partitions.job.js';
import { PartitionMaintenance } from './retention.contract.js';

/** Makes and drops partitions by expiry day, and keeps the policy profile. Offers {@link PartitionMaintenance}. Needs `WindowsModule`. */
@Module({
  imports: [DiscoveryModule, AuditModule],
  controllers: [OrganisationPolicyController, OrganisationPlanController],
  providers: [
    ExpiringTableRegistry,
    Partitions,
    MaintainPartitionsJob,
    { provide: PartitionMaintenance, useClass: MaintainPartitions },
    LeastWindows,
    PolicyDesk,
    ChangeOrganisationPolicy,
    PolicyInForceRepository,
    AuditedClock,
    PutProfileInForce,
  ],
  exports: [PartitionMaintenance],
})
export class RetentionModule {}
