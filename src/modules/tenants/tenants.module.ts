import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { AdministerOrganisations } from './core/administer-organisations.js';
import { AuditedOrganisations } from './core/audited-organisations.js';
import { CreateOrganisation } from './core/create-organisation.js';
import { CreateProject } from './core/create-project.js';
import { FoundOrganisation } from './core/found-organisation.js';
import { KeepMemberships } from './core/keep-memberships.js';
import { ReadTenants } from './core/read-tenants.js';
import { TenantDirectory } from './core/tenant-directory.js';
import { UpdateOrganisation } from './core/update-organisation.js';
import { UpdateOwnOrganisation } from './core/update-own-organisation.js';
import { UpdateProject } from './core/update-project.js';
import { MembershipEntity } from './data/membership.entity.js';
import { MembershipsRepository } from './data/memberships.repository.js';
import { OrganisationEntity } from './data/organisation.entity.js';
import { OrganisationsRepository } from './data/organisations.repository.js';
import { ProjectEntity } from './data/project.entity.js';
import { ProjectsRepository } from './data/projects.repository.js';
import { OrganisationChangesController } from './http/organisation-changes.controller.js';
import { OrganisationsController } from './http/organisations.controller.js';
import { ProjectsController } from './http/projects.controller.js';
import { Memberships, OrganisationAdministration, Tenants } from './tenants.contract.js';

/** Organisations, their projects and members. Offers {@link Tenants}, {@link Memberships} and {@link OrganisationAdministration}. */
@Module({
  imports: [TypeOrmModule.forFeature([OrganisationEntity, ProjectEntity, MembershipEntity]), AuditModule],
  controllers: [OrganisationsController, OrganisationChangesController, ProjectsController],
  providers: [
    OrganisationsRepository,
    ProjectsRepository,
    MembershipsRepository,
    AuditedOrganisations,
    CreateOrganisation,
    FoundOrganisation,
    UpdateOrganisation,
    UpdateOwnOrganisation,
    CreateProject,
    UpdateProject,
    ReadTenants,
    { provide: Tenants, useClass: TenantDirectory },
    { provide: Memberships, useClass: KeepMemberships },
    { provide: OrganisationAdministration, useClass: AdministerOrganisations },
  ],
  exports: [Tenants, Memberships, OrganisationAdministration],
})
export class TenantsModule {}
