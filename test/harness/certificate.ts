import { generateKeyPairSync } from 'node:crypto';
import { selfSignedCertificate } from '../../src/modules/federation/core/saml/self-signed-certificate.js';

/** A key and its certificate, both in PEM. */
export interface CertifiedKey {
  readonly privateKey: string;
  readonly certificate: string;
}

export function makeCertifiedKey(options: {
  readonly commonName: string;
  readonly bits?: number | undefined;
  readonly until?: Date | undefined;
}): CertifiedKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: options.bits ?? 2_048 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const until = options.until ?? new Date('2049-01-01T00:00:00Z');
  const der = selfSignedCertificate(pem, { commonName: options.commonName, from: new Date('2020-01-01T00:00:00Z'), until });
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return { privateKey: pem, certificate: `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n` };
}
