import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { AccountsModule } from '../modules/accounts/accounts.module.js';
import { MembersModule } from '../modules/accounts/members.module.js';
import { AuditModule } from '../modules/audit/audit.module.js';
import { AbuseModule } from '../modules/auth/abuse.module.js';
import { AuthModule } from '../modules/auth/auth.module.js';
import { StaffModule } from '../modules/auth/staff.module.js';
import { CallerAccessGuard } from '../modules/auth/http/caller-access.guard.js';
import { BackupsModule } from '../modules/backups/backups.module.js';
import { ContentModule } from '../modules/content/content.module.js';
import { CredentialsModule } from '../modules/credentials/credentials.module.js';
import { DirectoryModule } from '../modules/federation/directory.module.js';
import { FederationModule } from '../modules/federation/federation.module.js';
import { IdentitiesModule } from '../modules/federation/identities.module.js';
import { SamlModule } from '../modules/federation/saml.module.js';
import { GatewayModule } from '../modules/gateway/gateway.module.js';
import { NotificationsModule } from '../modules/notifications/notifications.module.js';
import { LeftoversModule } from '../modules/retention/leftovers.module.js';
import { RetentionModule } from '../modules/retention/retention.module.js';
import { WindowsModule } from '../modules/retention/windows.module.js';
import { RoutingModule } from '../modules/routing/routing.module.js';
import { TenantsModule } from '../modules/tenants/tenants.module.js';
import { UsageModule } from '../modules/usage/usage.module.js';
import { UsagePathModule } from '../modules/usage/usage-path.module.js';
import { ServerLog } from '../platform/database/server-log.js';
import { HealthController } from './health.controller.js';
import { PlatformModule, type Runtime } from './platform.module.js';
import { Readiness } from './readiness.js';
import { ReadinessProbes } from './readiness-probes.js';
import { SweepFinishedJobs } from './sweep-finished-jobs.js';
import { SweepServerLog } from './sweep-server-log.js';

/** The whole application. Every role has every module but the gateway's; what a role does not do it does not start. */
@Module({})
export class AppModule {
  static forRoot(runtime: Runtime): DynamicModule {
    const gateway = GatewayModule.forRoot([AuthModule, RoutingModule, CredentialsModule, ContentModule, UsagePathModule]);
    return {
      module: AppModule,
      imports: [
        PlatformModule.forRoot(runtime),
        WindowsModule.forRoot(runtime.profile),
        TerminusModule.forRoot({ logger: false }),
        AuditModule,
        BackupsModule,
        TenantsModule,
        NotificationsModule,
        AccountsModule,
        MembersModule,
        FederationModule,
        SamlModule,
        IdentitiesModule,
        DirectoryModule,
        AuthModule,
        StaffModule,
        AbuseModule,
        CredentialsModule,
        ContentModule,
        RoutingModule,
        UsageModule,
        RetentionModule,
        LeftoversModule,
        ...(runtime.settings.roles.includes('gateway') ? [gateway] : []),
      ],
      controllers: [HealthController],
      providers: [
        Readiness,
        ReadinessProbes,
        SweepFinishedJobs,
        ...sweptLog(runtime),
        { provide: APP_GUARD, useExisting: CallerAccessGuard },
      ],
    };
  }
}

/** Of a server that this process has started itself. */
function sweptLog({ database }: Runtime): Provider[] {
  return database.log === undefined ? [] : [{ provide: SweepServerLog, useValue: new SweepServerLog(new ServerLog(database.log)) }];
}
