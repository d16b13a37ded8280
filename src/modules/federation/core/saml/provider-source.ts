import { Injectable } from '@nestjs/common';
import { AppError, invalidRequest } from '../../../../kernel/errors.js';
import { Settings } from '../../../../platform/config/settings.js';
import { samlErrors } from '../../saml.errors.js';
import { ProviderHttp } from '../provider-http.js';
import { readCertificate } from './provider-certificate.js';
import { MAX_METADATA_BYTES, type ProviderMetadata, readProviderMetadata } from './provider-metadata.js';

/** How an administrator says who the identity provider is: by its metadata, pasted or fetched once, or by hand. */
export interface SamlSource {
  readonly metadataXml?: string | undefined;
  readonly metadataUrl?: string | undefined;
  readonly entityId?: string | undefined;
  readonly signOnUrl?: string | undefined;
  readonly certificates?: readonly string[] | undefined;
}

const BY_HAND = ['entityId', 'signOnUrl', 'certificates'] as const;
const MAX_URL = 2_000;

/** Reads what is needed of an identity provider from wherever it is said. */
@Injectable()
export class ProviderSource {
  constructor(
    private readonly http: ProviderHttp,
    private readonly settings: Settings,
  ) {}

  /**
   * Raises `lethe/invalid_request` unless exactly one way is taken, `saml/metadata_refused`, `saml/metadata_unreachable` and `outbound/*`. Not
   * inside a transaction.
   */
  async read(source: SamlSource): Promise<ProviderMetadata> {
    const byHand = BY_HAND.filter((field) => source[field] !== undefined);
    const ways = [source.metadataXml !== undefined, source.metadataUrl !== undefined, byHand.length > 0].filter(Boolean);
    if (ways.length !== 1)
      throw wrong('metadataXml', 'give either metadataXml, or metadataUrl, or entityId with signOnUrl and certificates');
    const missing = byHand.length > 0 && byHand.length < BY_HAND.length ? BY_HAND.find((field) => source[field] === undefined) : undefined;
    if (missing !== undefined) throw wrong(missing, 'is needed when there is no metadata');
    const read = await this.readFrom(source);
    return { ...read, signInUrl: this.checkedSignOn(read.signInUrl) };
  }

  private async readFrom(source: SamlSource): Promise<ProviderMetadata> {
    if (source.metadataXml !== undefined) return readProviderMetadata(source.metadataXml);
    if (source.metadataUrl !== undefined) return readProviderMetadata(await this.fetched(source.metadataUrl));
    return {
      entityId: source.entityId ?? '',
      signInUrl: source.signOnUrl ?? '',
      certificates: (source.certificates ?? []).map((text) => readCertificate(text).pem),
      wantsSignedRequests: false,
    };
  }

  private async fetched(url: string): Promise<string> {
    const answer = await this.http.fetch(url, {
      method: 'GET',
      headers: { accept: 'application/samlmetadata+xml, application/xml, text/xml' },
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (answer.status !== 200 || bytes.byteLength > MAX_METADATA_BYTES) throw samlErrors.metadata_unreachable();
    return bytes.toString('utf8');
  }

  /** The browser goes there, not we: any host will do, but nothing that is no web page, and in production nothing in the clear. */
  private checkedSignOn(text: string): string {
    const url = text.length <= MAX_URL ? URL.parse(text) : null;
    const schemes = this.settings.environment === 'development' ? ['https:', 'http:'] : ['https:'];
    if (url === null || !schemes.includes(url.protocol) || url.username !== '' || url.password !== '' || url.hash !== '')
      throw wrong('signOnUrl', 'must be an https address without credentials and fragment');
    return url.href;
  }
}

function wrong(field: string, message: string): AppError {
  return invalidRequest([{ field, message }]);
}
