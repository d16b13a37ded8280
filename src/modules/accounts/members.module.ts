import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { NotificationsModule } from '../notifications/notifications.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AccountsModule } from './accounts.module.js';
import { AcceptInvitation } from './core/invitations/accept-invitation.js';
import { AuditedInvitations } from './core/invitations/audited-invitations.js';
import { InvitedPerson } from './core/invitations/invited-person.js';
import { InvitationPost } from './core/invitations/invitation-post.js';
import { InviteMember } from './core/invitations/invite-member.js';
import { ReadInvitations } from './core/invitations/read-invitations.js';
import { ResendInvitation } from './core/invitations/resend-invitation.js';
import { RevokeInvitation } from './core/invitations/revoke-invitation.js';
import { Admission } from './core/members/admission.js';
import { Authority } from './core/members/authority.js';
import { ChangeMemberRole } from './core/members/change-member-role.js';
import { MemberNews } from './core/members/member-news.js';
import { People } from './core/members/people.js';
import { ReachableMembers } from './core/members/reachable-members.js';
import { ReadMembers } from './core/members/read-members.js';
import { RemoveMember } from './core/members/remove-member.js';
import { AcceptOwnership } from './core/ownership/accept-ownership.js';
import { AuditedOffers } from './core/ownership/audited-offers.js';
import { EndOwnershipOffer } from './core/ownership/end-ownership-offer.js';
import { OfferOwnership } from './core/ownership/offer-ownership.js';
import { OwnershipOfferEntity } from './data/members/ownership-offer.entity.js';
import { OwnershipOffersRepository } from './data/members/ownership-offers.repository.js';
import { InvitationAcceptanceController } from './http/members/invitation-acceptance.controller.js';
import { InvitationsController } from './http/members/invitations.controller.js';
import { MembersController } from './http/members/members.controller.js';
import { OwnershipController } from './http/members/ownership.controller.js';
import { SweepInvitationsJob } from './jobs/sweep-invitations.job.js';

/** People as members of organisations: who is one, who is invited, who owns. Stands on the accounts and on what `tenants` keeps of memberships. */
@Module({
  imports: [TypeOrmModule.forFeature([OwnershipOfferEntity]), AccountsModule, TenantsModule, NotificationsModule, AuditModule],
  controllers: [MembersController, InvitationsController, InvitationAcceptanceController, OwnershipController],
  providers: [
    OwnershipOffersRepository,
    People,
    Authority,
    Admission,
    MemberNews,
    ReachableMembers,
    ReadMembers,
    ChangeMemberRole,
    RemoveMember,
    AuditedInvitations,
    InvitationPost,
    InvitedPerson,
    InviteMember,
    ResendInvitation,
    RevokeInvitation,
    ReadInvitations,
    AcceptInvitation,
    AuditedOffers,
    OfferOwnership,
    AcceptOwnership,
    EndOwnershipOffer,
    SweepInvitationsJob,
  ],
})
export class MembersModule {}
