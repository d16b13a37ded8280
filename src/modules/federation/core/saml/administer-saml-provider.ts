import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { Injectable } from '@nestjs/common';
import { Clock } from '../../../../kernel/clock.js';
import { invalidRequest } from '../../../../kernel/errors.js';
import { type IdentityProviderId, newId, type OrganisationId } from '../../../../kernel/ids.js';
import { KeyManagementService } from '../../../../platform/kms/key-management-service.js';
import type { AuditActor } from '../../../audit/audit.contract.js';
import type { ProviderStatus } from '../../data/identity-provider.entity.js';
import type { ProviderRef } from '../../data/identity-providers.repository.js';
import { federationErrors } from '../../federation.errors.js';
import { AuditedProviders } from '../audited-providers.js';
import { sealProviderSecret } from '../provider-secret.js';
import type { SamlSettings } from '../saml-configuration.js';
import { ProviderSource, type SamlSource } from './provider-source.js';
import { selfSignedCertificate } from './self-signed-certificate.js';
import type { SamlProvider } from './service-provider.js';

const NO_SECRET = { secretVersion: 0, secretHint: null, formatVersion: null, kmsKeyId: null, wrappedKey: null, ciphertext: null } as const;
const RSA_BITS = 3_072;
const CERTIFICATE_YEARS = 10;

const DEFAULTS: Omit<SamlSettings, 'certificates' | 'requestCertificate'> = {
  trustedEmailDomains: [],
  allowsSignUp: true,
  memberRole: 'viewer',
  secondFactor: 'never',
  emailAttribute: null,
  usernameAttribute: null,
  allowsUnsolicited: false,
  forcesAuthentication: false,
};

/** What an administrator may say of how far a provider is believed; what is left out keeps its value, or gets the default. */
export type SamlSettingsDraft = {
  readonly [K in keyof Omit<SamlSettings, 'certificates' | 'requestCertificate' | 'trustedEmailDomains'>]?: SamlSettings[K] | undefined;
};

export interface SamlProviderDraft {
  readonly name: string;
  readonly source: SamlSource;
  readonly settings?: SamlSettingsDraft | undefined;
  /** Whether our requests are signed; the provider's metadata decides when nothing is said. */
  readonly signsRequests?: boolean | undefined;
}

export interface SamlProviderChange {
  readonly name?: string | undefined;
  readonly status?: ProviderStatus | undefined;
  readonly settings?: SamlSettingsDraft | undefined;
}

/** An organisation's SAML identity providers: added, changed, and given the certificates of a key that is to come. */
@Injectable()
export class AdministerSamlProvider {
  constructor(
    private readonly providers: AuditedProviders,
    private readonly source: ProviderSource,
    private readonly kms: KeyManagementService,
    private readonly clock: Clock,
  ) {}

  /** Raises what {@link ProviderSource.read} raises, `federation/provider_name_taken`, `tenants/organisation_not_found` and `kms/*`. */
  async create(actor: AuditActor, organisationId: OrganisationId, draft: SamlProviderDraft): Promise<SamlProvider> {
    const metadata = await this.source.read(draft.source);
    const ref = { organisationId, id: newId<IdentityProviderId>() };
    const isSigned = draft.signsRequests ?? metadata.wantsSignedRequests;
    const { secret, certificate } = isSigned ? await this.requestKey(ref) : { secret: NO_SECRET, certificate: null };
    const now = this.clock.now();
    const provider: SamlProvider = {
      ...ref,
      kind: 'saml',
      name: draft.name.trim(),
      status: 'active',
      connection: { entityId: metadata.entityId, signOnUrl: metadata.signInUrl },
      settings: { ...merged(DEFAULTS, draft.settings), certificates: metadata.certificates, requestCertificate: certificate },
      ...secret,
      createdAt: now,
      updatedAt: now,
    };
    await this.providers.within(organisationId, (tx) => this.providers.add(tx, actor, provider));
    return provider;
  }

  /** Raises `federation/provider_not_found`, `federation/provider_name_taken`, and `lethe/invalid_request` when there is nothing to change. */
  change(actor: AuditActor, ref: ProviderRef, { name, status, settings }: SamlProviderChange): Promise<SamlProvider> {
    if (name === undefined && status === undefined && settings === undefined)
      throw invalidRequest([{ field: 'body', message: 'must have a name, a status or settings' }]);
    return this.write(actor, ref, (before) => ({
      ...(name === undefined ? {} : { name: name.trim() }),
      ...(status === undefined ? {} : { status }),
      ...(settings === undefined ? {} : { settings: merged(before.settings, settings) }),
    }));
  }

  /**
   * Puts the certificates of the source in place of those there are; the provider must still be the same. Raises what {@link ProviderSource.read}
   * raises, and `federation/provider_not_found`.
   */
  async renewCertificates(actor: AuditActor, ref: ProviderRef, source: SamlSource): Promise<SamlProvider> {
    const before = await this.read(ref);
    const byHand = source.certificates === undefined ? source : { ...source, ...before.connection };
    const { entityId, certificates } = await this.source.read(byHand);
    if (entityId !== before.connection.entityId)
      throw invalidRequest([{ field: 'metadataXml', message: 'must be of the same entity id: another provider is added anew' }]);
    return this.write(actor, ref, ({ settings }) => ({ settings: { ...settings, certificates } }));
  }

  /** Raises `federation/provider_not_found`. */
  async read(ref: ProviderRef): Promise<SamlProvider> {
    const provider = await this.providers.within(ref.organisationId, (tx) => this.providers.get(tx, ref));
    if (provider.kind !== 'saml') throw federationErrors.provider_not_found();
    return provider;
  }

  private write(
    actor: AuditActor,
    ref: ProviderRef,
    change: (before: SamlProvider) => Parameters<AuditedProviders['change']>[3],
  ): Promise<SamlProvider> {
    return this.providers.within(ref.organisationId, async (tx) => {
      const before = await this.providers.lock(tx, ref);
      if (before.kind !== 'saml') throw federationErrors.provider_not_found();
      return (await this.providers.change(tx, actor, ref, change(before))) as SamlProvider;
    });
  }

  /** A key pair of the connection's own; the private half is sealed at once. */
  private async requestKey(
    ref: ProviderRef,
  ): Promise<{ readonly secret: Awaited<ReturnType<typeof sealProviderSecret>>; readonly certificate: string }> {
    const { privateKey } = await promisify(generateKeyPair)('rsa', {
      modulusLength: RSA_BITS,
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const from = this.clock.now();
    const until = new Date(from);
    until.setUTCFullYear(from.getUTCFullYear() + CERTIFICATE_YEARS);
    const certificate = selfSignedCertificate(privateKey, { commonName: `lethe ${ref.id}`, from, until });
    return { secret: await sealProviderSecret(this.kms, privateKey, ref, 1), certificate: certificate.toString('base64') };
  }
}

function merged<T extends Omit<SamlSettings, 'certificates' | 'requestCertificate'>>(before: T, draft: SamlSettingsDraft = {}): T {
  return { ...before, ...Object.fromEntries(Object.entries(draft).filter(([, value]) => value !== undefined)) };
}
