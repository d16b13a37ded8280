import { Module } from '@nestjs/common';
import { AccountsModule } from '../accounts/accounts.module.js';
import { BeginLinking } from './core/begin-linking.js';
import { LinkedIdentities } from './core/linked-identities.js';
import { FederationModule } from './federation.module.js';
import { IdentitiesController } from './http/identities.controller.js';
import { SamlModule } from './saml.module.js';

/** What people see and change of their own identities, at providers of every kind. */
@Module({
  imports: [AccountsModule, FederationModule, SamlModule],
  controllers: [IdentitiesController],
  providers: [LinkedIdentities, BeginLinking],
})
export class IdentitiesModule {}
