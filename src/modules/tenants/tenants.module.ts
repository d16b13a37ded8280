import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AuditModule } from '../audit/audit.module.js';
import { AdministerOrganisations } from './core/administer-organisations.js';
import { CreateOrganisation } from './core/create-organisation.js';
import { CreateProject } from './core/create-project.js';
import { ReadTenants } from './core/read-tenants.js';
import { TenantDirectory } from './core/tenant-directory.js';
import { UpdateOrganisation } from './core/update-organisation.js';
import { UpdateProject } from './core/update-project.js';
import { OrganisationEntity } from './data/organisation.entity.js';
import { OrganisationsRepository } from './data/organisations.repository.js';
import { ProjectEntity } from './data/project.entity.js';
import { ProjectsRepository } from './data/projects.repository.js';
import { OrganisationsController } from './http/organisations.controller.js';
import { ProjectsController } from './http/projects.controller.js';
import { OrganisationAdministration, Tenants } from './tenants.contract.js';

/** Organisations and projects. Offers {@link Tenants} and {@link OrganisationAdministration}. */
@Module({
  imports: [TypeOrmModule.forFeature([OrganisationEntity, ProjectEntity]), AuditModule],
  controllers: [OrganisationsController, ProjectsController],
  providers: [
    OrganisationsRepository,
    ProjectsRepository,
    CreateOrganisation,
    UpdateOrganisation,
    CreateProject,
    UpdateProject,
    ReadTenants,
    { provide: Tenants, useClass: TenantDirectory },
    { provide: OrganisationAdministration, useClass: AdministerOrganisations },
  ],
  exports: [Tenants, OrganisationAdministration],
})
export class TenantsModule {}
