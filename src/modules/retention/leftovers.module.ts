import { Module } from '@nestjs/common';
import { RewriteTables } from './core/leftovers/rewrite-tables.js';
import { RewriteTablesJob } from './jobs/rewrite-tables.job.js';

/** Takes out of the database's files what is no row any more. */
@Module({ providers: [RewriteTables, RewriteTablesJob] })
export class LeftoversModule {}
