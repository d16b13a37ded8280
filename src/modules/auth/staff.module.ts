import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AuthModule } from './auth.module.js';
import { AffectedOrganisation } from './core/break-glass/affected-organisation.js';
import { OpenBreakGlass } from './core/break-glass/open-break-glass.js';
import { ReadBreakGlass } from './core/break-glass/read-break-glass.js';
import { TellOrganisation } from './core/break-glass/tell-organisation.js';
import { AdministerStaff } from './core/staff/administer-staff.js';
import { AuditedDuties } from './core/staff/audited-duties.js';
import { DutyRules } from './core/staff/duty-rules.js';
import { ReadStaff } from './core/staff/read-staff.js';
import { ServeDuty } from './core/staff/serve-duty.js';
import { TellStaff } from './core/staff/tell-staff.js';
import { BreakGlassController } from './http/break-glass/break-glass.controller.js';
import { OrganisationBreakGlassController } from './http/break-glass/organisation-break-glass.controller.js';
import { DutyController } from './http/staff/duty.controller.js';
import { OperatorTokensController } from './http/staff/operator-tokens.controller.js';
import { StaffController } from './http/staff/staff.controller.js';
import { CloseBreakGlassJob } from './jobs/close-break-glass.job.js';

/** The operator side: staff, their duty and their tokens, and break-glass access to organisations (A4, S2). What the guard needs of it stands in {@link AuthModule}. */
@Module({
  imports: [AuthModule, AccountsModule, AuditModule, NotificationsModule, TenantsModule],
  controllers: [StaffController, OperatorTokensController, DutyController, BreakGlassController, OrganisationBreakGlassController],
  providers: [
    AdministerStaff,
    ReadStaff,
    DutyRules,
    AuditedDuties,
    ServeDuty,
    TellStaff,
    AffectedOrganisation,
    OpenBreakGlass,
    ReadBreakGlass,
    TellOrganisation,
    CloseBreakGlassJob,
  ],
})
export class StaffModule {}
