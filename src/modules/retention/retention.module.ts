import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { ExpiringTableRegistry } from './core/expiring-table-registry.js';
import { MaintainPartitions } from './core/maintain-partitions.js';
import { Partitions } from './core/partitions.js';
import { MaintainPartitionsJob } from './jobs/maintain-partitions.job.js';
import { PartitionMaintenance } from './retention.contract.js';

/** Makes and drops partitions by expiry day. Offers {@link PartitionMaintenance}. */
@Module({
  imports: [DiscoveryModule],
  providers: [ExpiringTableRegistry, Partitions, MaintainPartitionsJob, { provide: PartitionMaintenance, useClass: MaintainPartitions }],
  exports: [PartitionMaintenance],
})
export class RetentionModule {}
