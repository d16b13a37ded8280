import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RewrapRows } from '../../platform/kms/rewrap-rows.js';
import { AuditModule } from '../audit/audit.module.js';
import { TenantsModule } from '../tenants/tenants.module.js';
import { AuditedCredentials } from './core/audited-credentials.js';
import { CachedVault } from './core/cached-vault.js';
import { ChangeCredential } from './core/change-credential.js';
import { CredentialDesk } from './core/credential-desk.js';
import { CredentialSnapshot } from './core/credential-snapshot.js';
import { DeleteCredential } from './core/delete-credential.js';
import { IssueCredential } from './core/issue-credential.js';
import { ReadCredentials } from './core/read-credentials.js';
import { RewrapCredentials } from './core/rewrap-credentials.js';
import { RotateCredential } from './core/rotate-credential.js';
import { CredentialAdministration, CredentialDirectory, CredentialVault } from './credentials.contract.js';
import { CredentialsRepository } from './data/credentials.repository.js';
import { ProviderCredential } from './data/provider-credential.entity.js';
import { CredentialRotationController } from './http/credential-rotation.controller.js';
import { CredentialsController } from './http/credentials.controller.js';
import { RewrapCredentialsJob } from './jobs/rewrap-credentials.job.js';

@Module({
  imports: [TypeOrmModule.forFeature([ProviderCredential]), AuditModule, TenantsModule],
  controllers: [CredentialsController, CredentialRotationController],
  providers: [
    CredentialsRepository,
    AuditedCredentials,
    IssueCredential,
    RotateCredential,
    ChangeCredential,
    DeleteCredential,
    ReadCredentials,
    RewrapRows,
    RewrapCredentials,
    RewrapCredentialsJob,
    CredentialSnapshot,
    { provide: CredentialDirectory, useExisting: CredentialSnapshot },
    { provide: CredentialVault, useClass: CachedVault },
    { provide: CredentialAdministration, useClass: CredentialDesk },
  ],
  exports: [CredentialDirectory, CredentialVault, CredentialAdministration],
})
export class CredentialsModule {}
