import { Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CoarsePlaces } from '../../platform/http/coarse-place.js';
import { SessionCookies } from '../../platform/http/session-cookies.js';
import { AuditModule } from '../audit/audit.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { Accounts, SessionAuthenticator, SignIn } from './accounts.contract.js';
import { AccountExpiry } from './core/account-expiry.js';
import { CommittedAccounts } from './core/committed-accounts.js';
import { PendingInvitations } from './core/invitations/pending-invitations.js';
import { DescribeOrigin } from './core/sessions/describe-origin.js';
import { OpenSession } from './core/sessions/open-session.js';
import { RenewSession } from './core/sessions/renew-session.js';
import { SessionLimits } from './core/sessions/session-limits.js';
import { SessionRules } from './core/sessions/session-rules.js';
import { StoredSessionAuthenticator } from './core/sessions/stored-session-authenticator.js';
import { TellNewSignIn } from './core/sessions/tell-new-sign-in.js';
import { SignInBrake } from './core/throttle/sign-in-brake.js';
import { AccountPasswordEntity } from './data/account-password.entity.js';
import { AccountEntity } from './data/account.entity.js';
import './data/accounts.inventory.js';
import { AccountsRepository } from './data/accounts.repository.js';
import { InvitationEntity } from './data/members/invitation.entity.js';
import './data/members/invitations.inventory.js';
import './data/second-factor/totp-attempts.inventory.js';
import { InvitationsRepository } from './data/members/invitations.repository.js';
import { PasswordRecoveryCodeEntity } from './data/password-recovery-code.entity.js';
import { SessionEntity } from './data/session.entity.js';
import { SessionsRepository } from './data/sessions.repository.js';
import { SignInPressureRepository } from './data/sign-in-pressure.repository.js';
import { TicketEntity } from './data/ticket.entity.js';
import { SECOND_FACTOR_PARTS } from './second-factor-parts.js';
import { SIGN_IN_PARTS } from './sign-in-parts.js';

/** People who sign in, and their sessions. Offers {@link Accounts}, {@link SignIn} and {@link SessionAuthenticator}. */
@Module({
  imports: [
    DiscoveryModule,
    TypeOrmModule.forFeature([AccountEntity, AccountPasswordEntity, PasswordRecoveryCodeEntity, SessionEntity]),
    TypeOrmModule.forFeature([TicketEntity, InvitationEntity]),
    TypeOrmModule.forFeature(SECOND_FACTOR_PARTS.entities),
    AuditModule,
    NotificationsModule,
    TenantsModule,
  ],
  controllers: [...SIGN_IN_PARTS.controllers, ...SECOND_FACTOR_PARTS.controllers],
  providers: [
    ...SIGN_IN_PARTS.providers,
    ...SECOND_FACTOR_PARTS.providers,
    AccountsRepository,
    SessionsRepository,
    InvitationsRepository,
    PendingInvitations,
    AccountExpiry,
    SignInPressureRepository,
    SignInBrake,
    CoarsePlaces,
    SessionCookies,
    DescribeOrigin,
    SessionLimits,
    SessionRules,
    TellNewSignIn,
    OpenSession,
    RenewSession,
    { provide: Accounts, useClass: CommittedAccounts },
    { provide: SignIn, useExisting: OpenSession },
    { provide: SessionAuthenticator, useClass: StoredSessionAuthenticator },
  ],
  exports: [CoarsePlaces, Accounts, SignIn, SessionAuthenticator, SessionCookies, AccountsRepository, InvitationsRepository],
})
export class AccountsModule {}
