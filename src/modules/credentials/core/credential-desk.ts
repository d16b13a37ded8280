import { Injectable } from '@nestjs/common';
import type { CredentialId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';
import type { AuditActor } from '../../audit/audit.contract.js';
import { CredentialAdministration, type CredentialView, type NewCredential, type RewrapReport } from '../credentials.contract.js';
import { CredentialsRepository } from '../data/credentials.repository.js';
import { IssueCredential } from './issue-credential.js';
import { ReadCredentials } from './read-credentials.js';
import { RewrapCredentials } from './rewrap-credentials.js';

/** What the contract offers, each done by its use-case. */
@Injectable()
export class CredentialDesk extends CredentialAdministration {
  constructor(
    private readonly issueCredential: IssueCredential,
    private readonly read: ReadCredentials,
    private readonly rewrap: RewrapCredentials,
    private readonly repository: CredentialsRepository,
  ) {
    super();
  }

  override issue(actor: AuditActor, organisationId: OrganisationId, credential: NewCredential): Promise<CredentialView> {
    return this.issueCredential.run(actor, organisationId, credential);
  }

  override list(organisationId: OrganisationId): Promise<readonly CredentialView[]> {
    return this.read.list(organisationId);
  }

  override existing(tx: Tx, organisationId: OrganisationId, ids: readonly CredentialId[]): Promise<ReadonlySet<CredentialId>> {
    return this.repository.existing(tx, organisationId, ids);
  }

  override rewrapAll(signal?: AbortSignal): Promise<RewrapReport> {
    return this.rewrap.run(signal);
  }
}
