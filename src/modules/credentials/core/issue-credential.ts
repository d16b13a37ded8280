import { Injectable } from '@nestjs/common';
import { type CredentialId, newId, type OrganisationId } from '../../../kernel/ids.js';
import { UnitOfWork } from '../../../platform/database/unit-of-work.js';
import { OutboundAddresses } from '../../../platform/http/outbound-address.js';
import { KeyManagementService } from '../../../platform/kms/key-management-service.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import type { CredentialView, NewCredential } from '../credentials.contract.js';
import { AuditedCredentials } from './audited-credentials.js';
import { toCredentialView } from './credential-view.js';
import { checkedBaseUrl } from './provider-secret.js';
import { sealSecret } from './seal-secret.js';

/** Seals a secret and stores it as a new credential. */
@Injectable()
export class IssueCredential {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly credentials: AuditedCredentials,
    private readonly kms: KeyManagementService,
    private readonly addresses: OutboundAddresses,
  ) {}

  /** Raises `tenants/organisation_not_found`, `credentials/name_taken`, `outbound/*`, `kms/*` and 400 for a wrong field. */
  async run(actor: AuditActor, organisationId: OrganisationId, { name, provider, ...given }: NewCredential): Promise<CredentialView> {
    const baseUrl = checkedBaseUrl(this.addresses, provider, given.baseUrl);
    const id = newId<CredentialId>();
    // Sealed before the transaction: no row lock waits for a key management service.
    const secret = await sealSecret(this.kms, given.secret, { organisationId, credentialId: id, version: 1 });
    const named = { id, organisationId, name: name.trim(), provider, baseUrl };
    return toCredentialView(await this.unitOfWork.forOrganisation(organisationId, (tx) => this.credentials.add(tx, actor, named, secret)));
  }
}
