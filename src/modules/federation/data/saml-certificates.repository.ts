import { Injectable } from '@nestjs/common';
import type { IdentityProviderId, OrganisationId } from '../../../kernel/ids.js';
import type { Tx } from '../../../platform/database/unit-of-work.js';

/** What an organisation is told of the last valid certificate of a provider. */
export type CertificateWarning = 'expires_soon' | 'expired';

/** The certificates of one provider, in PEM. */
export interface ProviderCertificates {
  readonly providerId: IdentityProviderId;
  readonly organisationId: OrganisationId;
  readonly name: string;
  readonly certificates: readonly string[];
  /** What its organisation was last told of them; null: nothing. */
  readonly told: CertificateWarning | null;
}

@Injectable()
export class SamlCertificatesRepository {
  /** Of every SAML provider people sign in through. The transaction must be a system one. */
  ofActiveProviders(tx: Tx): Promise<ProviderCertificates[]> {
    return tx.query(
      `SELECT id AS "providerId", organisation_id AS "organisationId", name, settings->'certificates' AS certificates,
              certificate_told AS told
       FROM identity_provider WHERE kind = 'saml' AND status = 'active' ORDER BY id`,
    );
  }

  /** Keeps that the organisation was told; null takes it back. False when somebody else was first. */
  async markTold(
    tx: Tx,
    { providerId, told }: Pick<ProviderCertificates, 'providerId' | 'told'>,
    now: CertificateWarning | null,
  ): Promise<boolean> {
    const [, changed] = await tx.query<[unknown, number]>(
      `UPDATE identity_provider SET certificate_told = $3 WHERE id = $1 AND certificate_told IS NOT DISTINCT FROM $2::text`,
      [providerId, told, now],
    );
    return changed === 1;
  }
}
