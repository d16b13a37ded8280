import { Injectable } from '@nestjs/common';
import type { IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

/** The certificates of one provider, in PEM. */
export interface ProviderCertificates {
  readonly providerId: IdentityProviderId;
  readonly organisationId: OrganisationId;
  readonly certificates: readonly string[];
}

@Injectable()
export class SamlCertificatesRepository {
  /** Of every SAML provider people sign in through. The transaction must be a system one. */
  ofActiveProviders(tx: Tx): Promise<ProviderCertificates[]> {
    return tx.query(
      `SELECT id AS "providerId", organisation_id AS "organisationId", settings->'certificates' AS certificates
       FROM identity_provider WHERE kind = 'saml' AND status = 'active' ORDER BY id`,
    );
  }
}
