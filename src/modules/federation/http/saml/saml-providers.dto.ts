import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsNotEmptyObject, IsObject, IsString, MaxLength, ValidateNested } from 'class-validator';
import type { Settings } from '../../../../platform/config/settings.js';
import { IfGiven, IsCleanText } from '../../../../platform/http/field-rules.js';
import { OptionalAddress, OptionalFlag, OptionalText } from '../../../../platform/http/optional-fields.js';
import { certificateState, type CertificateState, readCertificate } from '../../core/saml/provider-certificate.js';
import { MAX_CERTIFICATES, MAX_METADATA_BYTES } from '../../core/saml/provider-metadata.js';
import { samlAddresses, type SamlProvider } from '../../core/saml/service-provider.js';
import { PROVIDER_STATUSES, ProviderChangeDto, ProviderTrustDto } from '../provider-trust.dto.js';

const MAX_CERTIFICATE = 20_000;

/** How far a SAML provider is believed, and what becomes of people it brings. */
export class SamlSettingsDto extends ProviderTrustDto {
  /** The attribute with the e-mail address; null: any of the usual ones, or the name of the subject. */
  @OptionalText({ maxLength: 256 })
  emailAttribute?: string | null;

  /** The attribute with the username; null: none is kept. */
  @OptionalText({ maxLength: 256 })
  usernameAttribute?: string | null;

  /** Whether the provider may begin a sign-in by itself. Off unless it must be on: nothing then ties the sign-in to a browser. */
  @OptionalFlag()
  allowsUnsolicited?: boolean;

  /** Whether people have to prove who they are anew although the provider knows them already. */
  @OptionalFlag()
  forcesAuthentication?: boolean;
}

/** Where the certificates of a provider are: in its metadata, or here. */
export class SamlCertificatesDto {
  /** The provider's metadata, pasted. */
  @ApiPropertyOptional({ type: 'string', maxLength: MAX_METADATA_BYTES })
  @IfGiven()
  @IsString()
  @MaxLength(MAX_METADATA_BYTES)
  metadataXml?: string;

  /** Where the provider's metadata is; read once, now. */
  @OptionalAddress()
  metadataUrl?: string;

  /** PEM or base64; several while the provider changes its key. RSA of 2048 bits or more. */
  @ApiPropertyOptional({ type: 'string', isArray: true, minItems: 1, maxItems: MAX_CERTIFICATES })
  @IfGiven()
  @IsArray({ message: 'must be a list' })
  @ArrayMinSize(1, { message: 'must have at least one certificate' })
  @ArrayMaxSize(MAX_CERTIFICATES, { message: `must have at most ${MAX_CERTIFICATES} entries` })
  @IsString({ each: true })
  @MaxLength(MAX_CERTIFICATE, { each: true })
  certificates?: string[];
}

/** A new SAML provider: its metadata, or entity id, sign-on address and certificates by hand. Whom it speaks to stays for life. */
export class CreateSamlProviderDto extends SamlCertificatesDto {
  /** Shown on the button people press. Unique where it belongs. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'Example' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;

  /** Without metadata: exactly as the provider names itself. */
  @ApiPropertyOptional({ type: 'string', maxLength: 1024 })
  @IfGiven()
  @IsCleanText({ min: 1, max: 1024 })
  entityId?: string;

  /** Without metadata: its single sign-on service, HTTP-Redirect binding. */
  @OptionalAddress()
  signOnUrl?: string;

  /** Whether our requests are signed, with a key of this connection's own; the provider's metadata decides when left out. */
  @OptionalFlag()
  signsRequests?: boolean;

  @ApiPropertyOptional({ type: SamlSettingsDto })
  @IfGiven()
  @IsObject({ message: 'must be an object' })
  @ValidateNested()
  @Type(() => SamlSettingsDto)
  settings?: SamlSettingsDto;
}

/** What to change about a SAML provider; at least one of the three. */
export class ChangeSamlProviderDto extends ProviderChangeDto {
  /** What is left out stays as it is. */
  @ApiPropertyOptional({ type: SamlSettingsDto })
  @IfGiven()
  @IsNotEmptyObject({}, { message: 'must be an object with something in it' })
  @ValidateNested()
  @Type(() => SamlSettingsDto)
  settings?: SamlSettingsDto;
}

/** A certificate as administrators compare them. */
export class SamlCertificateDto {
  /** SHA-256, in hexadecimal. */
  fingerprint: string;

  /** RFC 3339. */
  notAfter: string;

  /** `expires_soon`: within 30 days. An expired one still counts, as it is its key that is trusted: replace it nevertheless. */
  @ApiProperty({ enum: ['valid', 'expires_soon', 'expired'] })
  state: CertificateState;
}

/** An organisation's SAML provider. */
export class SamlProviderDto {
  id: string;

  organisationId: string;

  name: string;

  @ApiProperty({ enum: PROVIDER_STATUSES })
  status: (typeof PROVIDER_STATUSES)[number];

  /** The provider's own name for itself. */
  entityId: string;

  signOnUrl: string;

  @ApiProperty({ type: SamlCertificateDto, isArray: true })
  certificates: SamlCertificateDto[];

  @ApiProperty({ type: SamlSettingsDto })
  settings: SamlSettingsDto;

  signsRequests: boolean;

  /** What to register at the provider: our entity id, which is also where our metadata is. */
  @ApiProperty({ type: 'string', format: 'uri' })
  audience: string;

  /** What to register at the provider: where it sends its answers. */
  @ApiProperty({ type: 'string', format: 'uri' })
  consumerUrl: string;

  /** RFC 3339. */
  createdAt: string;

  updatedAt: string;

  static of(this: void, provider: SamlProvider, installation: Settings, nowMs: number): SamlProviderDto {
    const { certificates, requestCertificate, trustedEmailDomains: _, ...settings } = provider.settings;
    const { entityId, consumerUrl } = samlAddresses(installation, provider.id);
    return {
      id: provider.id,
      organisationId: provider.organisationId ?? '',
      name: provider.name,
      status: provider.status,
      ...provider.connection,
      certificates: certificates.map((pem) => certificateView(pem, nowMs)),
      settings,
      signsRequests: requestCertificate !== null,
      audience: entityId,
      consumerUrl,
      createdAt: provider.createdAt.toISOString(),
      updatedAt: provider.updatedAt.toISOString(),
    };
  }
}

function certificateView(pem: string, nowMs: number): SamlCertificateDto {
  const certificate = readCertificate(pem);
  const { fingerprint, notAfter } = certificate;
  return { fingerprint, notAfter: notAfter.toISOString(), state: certificateState(certificate, nowMs) };
}
