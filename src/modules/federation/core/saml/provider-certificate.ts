import { X509Certificate } from 'node:crypto';
import { DAY_MS } from '../../../../kernel/clock.js';
import { samlErrors } from '../../saml.errors.js';

const MIN_RSA_BITS = 2_048;
const MAX_BASE64 = 16_384;
/** Administrators of providers want to be told this long before. */
const SOON_MS = 30 * DAY_MS;

/** A certificate an identity provider signs with. Its key counts, not who issued it: providers issue their own. */
export interface ProviderCertificate {
  /** For checking signatures. */
  readonly pem: string;
  /** SHA-256 of the certificate, in hexadecimal, by which administrators compare. */
  readonly fingerprint: string;
  readonly notAfter: Date;
}

/** `expires_soon`: within 30 days. */
export type CertificateState = 'valid' | 'expires_soon' | 'expired';

export function certificateState({ notAfter }: Pick<ProviderCertificate, 'notAfter'>, nowMs: number): CertificateState {
  const leftMs = notAfter.getTime() - nowMs;
  if (leftMs <= 0) return 'expired';
  return leftMs <= SOON_MS ? 'expires_soon' : 'valid';
}

/** Reads a certificate in PEM or in bare base64, as metadata has it. Raises `saml/metadata_refused` for anything but one RSA certificate of 2048 bits or more. */
export function readCertificate(text: string): ProviderCertificate {
  const base64 = text.replace(/-----(?:BEGIN|END) CERTIFICATE-----/g, '').replace(/\s/g, '');
  if (base64 === '' || base64.length > MAX_BASE64 || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw unusable();
  const certificate = parse(base64);
  const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
  const isStrong = asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
  if (!isStrong) throw unusable('A certificate must hold an RSA key of 2048 bits or more.');
  return {
    pem: certificate.toString(),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    notAfter: new Date(certificate.validTo),
  };
}

function parse(base64: string): X509Certificate {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64'));
  } catch (error) {
    throw samlErrors.metadata_refused({ message: 'A certificate cannot be read.', cause: error });
  }
}

function unusable(message = 'A certificate cannot be read.'): ReturnType<typeof samlErrors.metadata_refused> {
  return samlErrors.metadata_refused({ message });
}
