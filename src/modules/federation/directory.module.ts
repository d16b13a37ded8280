import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AccountsModule } from '../accounts/accounts.module.js';
import { AuditModule } from '../audit/audit.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { DomainRules } from './core/domain-rules.js';
import { AdministerScimTokens } from './core/scim/administer-scim-tokens.js';
import { AuthenticateDirectory } from './core/scim/authenticate-directory.js';
import { ChangeGroup } from './core/scim/change-group.js';
import { ChangeUser } from './core/scim/change-user.js';
import { AuditedScimTokens } from './core/scim/audited-scim-tokens.js';
import { DirectoryAccounts } from './core/scim/directory-accounts.js';
import { DirectoryBook } from './core/scim/directory-book.js';
import { DirectoryAddresses } from './core/scim/directory-addresses.js';
import { ProvisionUser } from './core/scim/provision-user.js';
import { ReadDirectory } from './core/scim/read-directory.js';
import { UserReach } from './core/scim/user-reach.js';
import { CapturedDomainsRepository } from './data/captured-domains.repository.js';
import { ScimGroup } from './data/scim-group.entity.js';
import { ScimGroupsRepository } from './data/scim-groups.repository.js';
import { ScimToken } from './data/scim-token.entity.js';
import { ScimTokensRepository } from './data/scim-tokens.repository.js';
import { ScimUser } from './data/scim-user.entity.js';
import { ScimUsersRepository } from './data/scim-users.repository.js';
import { DirectoryGroupsController } from './http/scim/directory-groups.controller.js';
import { ScimGroupsController } from './http/scim/scim-groups.controller.js';
import { ScimServiceController } from './http/scim/scim-service.controller.js';
import { ScimTokensController } from './http/scim/scim-tokens.controller.js';
import { ScimUsersController } from './http/scim/scim-users.controller.js';

/** Directories of organisations, which say by SCIM 2.0 who belongs to them and as what. */
@Module({
  imports: [TypeOrmModule.forFeature([ScimToken, ScimUser, ScimGroup]), AuditModule, TenantsModule, AccountsModule],
  // The service controller answers whatever the others do not: it stands last.
  controllers: [ScimTokensController, DirectoryGroupsController, ScimUsersController, ScimGroupsController, ScimServiceController],
  providers: [
    CapturedDomainsRepository,
    ScimTokensRepository,
    ScimUsersRepository,
    ScimGroupsRepository,
    DomainRules,
    DirectoryAddresses,
    DirectoryAccounts,
    DirectoryBook,
    AuditedScimTokens,
    AdministerScimTokens,
    AuthenticateDirectory,
    ProvisionUser,
    ChangeUser,
    ChangeGroup,
    ReadDirectory,
    UserReach,
  ],
})
export class DirectoryModule {}
