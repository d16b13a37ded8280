import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { KeyAdministration, KeyAuthenticator, OperatorAdministration } from './auth.contract.js';
import { KeyOrigins } from './core/abuse/key-origins.js';
import { NoteCountries } from './core/abuse/note-countries.js';
import { AdministerKeys } from './core/administer-keys.js';
import { AdministerOperators } from './core/administer-operators.js';
import { AuditedKeys } from './core/audited-keys.js';
import { AuditedGrants } from './core/break-glass/audited-grants.js';
import { CloseBreakGlass } from './core/break-glass/close-break-glass.js';
import { ChangeKey } from './core/change-key.js';
import { CreateKey } from './core/create-key.js';
import { EndPreviousSecret } from './core/end-previous-secret.js';
import { KeyScopeOwner } from './core/key-scope-owner.js';
import { KeySnapshot } from './core/key-snapshot.js';
import { KeySource } from './core/key-source.js';
import { KeyUses } from './core/key-uses.js';
import { OperatorAuthenticator } from './core/operator-authenticator.js';
import { ReadKeys } from './core/read-keys.js';
import { RevokeKey } from './core/revoke-key.js';
import { RotateKey } from './core/rotate-key.js';
import { SignInThrottle } from './core/sign-in-throttle.js';
import { SnapshotKeyAuthenticator } from './core/snapshot-key-authenticator.js';
import { AddOperator } from './core/staff/add-operator.js';
import { AuditedCalls } from './core/staff/audited-calls.js';
import { ChangeOperator } from './core/staff/change-operator.js';
import { InviteOperator } from './core/staff/invite-operator.js';
import { LoneAudit } from './core/staff/lone-audit.js';
import { OperatorSessions } from './core/staff/operator-sessions.js';
import { OperatorTokens } from './core/staff/operator-tokens.js';
import { RefusedOperators } from './core/staff/refused-operators.js';
import { StaffDesk } from './core/staff/staff-desk.js';
import { StaffSecondFactor } from './core/staff/staff-second-factor.js';
import { StandDown } from './core/staff/stand-down.js';
import { ApiKeyEntity } from './data/api-key.entity.js';
import { ApiKeysRepository } from './data/api-keys.repository.js';
import { BreakGlassGrantEntity } from './data/break-glass-grant.entity.js';
import { BreakGlassGrantsRepository } from './data/break-glass-grants.repository.js';
import { DutiesRepository } from './data/duties.repository.js';
import { KeyCountriesRepository } from './data/key-countries.repository.js';
import { KeyCountryEntity } from './data/key-country.entity.js';
import { OperatorDutyEntity } from './data/operator-duty.entity.js';
import { OperatorTokenEntity } from './data/operator-token.entity.js';
import { OperatorEntity } from './data/operator.entity.js';
import { OperatorsRepository } from './data/operators.repository.js';
import { BearerSignIn } from './http/bearer-sign-in.js';
import { BearerStrategy } from './http/bearer-strategy.js';
import { CallerAccessGuard } from './http/caller-access.guard.js';
import { KeyChangesController } from './http/key-changes.controller.js';
import { KeysController } from './http/keys.controller.js';
import { MeController } from './http/me.controller.js';
import { SessionSignIn } from './http/session-sign-in.js';
import { AdminDoor } from './http/staff/admin-door.js';
import { OperatorGate } from './http/staff/operator-gate.js';

/** What the guard and the command line need of staff, and what the routes of `staff.module.ts` build on. */
const STAFF = [
  OperatorsRepository,
  DutiesRepository,
  BreakGlassGrantsRepository,
  AuditedGrants,
  CloseBreakGlass,
  StandDown,
  AddOperator,
  ChangeOperator,
  InviteOperator,
  OperatorTokens,
  StaffDesk,
];

/**
 * API keys, operators and who is calling. Offers {@link KeyAuthenticator}, {@link KeyAdministration}, {@link OperatorAdministration}, and
 * {@link CallerAccessGuard} for `app/` to bind.
 */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      ApiKeyEntity,
      KeyCountryEntity,
      OperatorEntity,
      OperatorTokenEntity,
      OperatorDutyEntity,
      BreakGlassGrantEntity,
    ]),
    AccountsModule,
    AuditModule,
    TenantsModule,
  ],
  controllers: [KeysController, KeyChangesController, MeController],
  providers: [
    ...STAFF,
    ApiKeysRepository,
    KeyCountriesRepository,
    NoteCountries,
    KeyOrigins,
    AuditedKeys,
    CreateKey,
    ChangeKey,
    RotateKey,
    EndPreviousSecret,
    RevokeKey,
    ReadKeys,
    KeySource,
    KeySnapshot,
    KeyUses,
    KeyScopeOwner,
    OperatorAuthenticator,
    SignInThrottle,
    BearerStrategy,
    BearerSignIn,
    SessionSignIn,
    OperatorSessions,
    LoneAudit,
    AuditedCalls,
    RefusedOperators,
    AdminDoor,
    OperatorGate,
    StaffSecondFactor,
    CallerAccessGuard,
    { provide: KeyAuthenticator, useClass: SnapshotKeyAuthenticator },
    { provide: KeyAdministration, useClass: AdministerKeys },
    { provide: OperatorAdministration, useClass: AdministerOperators },
  ],
  exports: [
    KeyAuthenticator,
    KeyAdministration,
    OperatorAdministration,
    CallerAccessGuard,
    AdminDoor,
    ApiKeysRepository,
    KeyCountriesRepository,
    ...STAFF,
  ],
})
export class AuthModule {}
