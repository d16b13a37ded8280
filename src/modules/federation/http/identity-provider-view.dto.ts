import { ApiProperty } from '@nestjs/swagger';
import type { ProviderCheck } from '../core/check-provider.js';
import { PROVIDER_KINDS, type ProviderKind } from '../core/provider-configuration.js';
import type { Provider } from '../data/identity-providers.repository.js';
import { PROVIDER_STATUSES } from './provider-trust.dto.js';

/** An identity provider, without its secret. */
export class IdentityProviderDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: string;

  /** Null: the installation's own. */
  @ApiProperty({ type: 'string', format: 'uuid', nullable: true })
  organisationId: string | null;

  @ApiProperty({ enum: PROVIDER_KINDS })
  kind: ProviderKind;

  @ApiProperty({ type: 'string' })
  name: string;

  @ApiProperty({ enum: PROVIDER_STATUSES })
  status: (typeof PROVIDER_STATUSES)[number];

  /** Whom it speaks to: issuer or endpoints, client id, how it authenticates. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  connection: Record<string, unknown>;

  /** What is asked of it, and how far it is believed. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  settings: Record<string, unknown>;

  /** The end of the client secret; null when there is none, empty for a short one. */
  @ApiProperty({ type: 'string', nullable: true, example: '…4f2a' })
  secretHint: string | null;

  /** Counts the secrets it has had. */
  @ApiProperty({ type: 'integer' })
  secretVersion: number;

  /** What to register at the provider as redirect URI, exactly. */
  @ApiProperty({ type: 'string', format: 'uri' })
  callbackUrl: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  createdAt: string;

  @ApiProperty({ type: 'string', format: 'date-time' })
  updatedAt: string;

  static of(this: void, provider: Provider, callbackUrl: string): IdentityProviderDto {
    const { id, organisationId, kind, name, status, connection, secretHint, secretVersion, createdAt, updatedAt } = provider;
    return {
      id,
      organisationId,
      kind,
      name,
      status,
      connection: { ...connection },
      settings: { ...provider.settings },
      secretHint,
      secretVersion,
      callbackUrl,
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    };
  }
}

/** What came of trying a provider. */
export class ProviderCheckDto implements ProviderCheck {
  /** Whether its configuration could be read and is usable. */
  @ApiProperty({ type: 'boolean' })
  reachable: boolean;

  /** Whether it takes client id and secret; null when it did not say. */
  @ApiProperty({ type: 'boolean', nullable: true })
  clientAccepted: boolean | null;

  /** The code of the first error. */
  @ApiProperty({ type: 'string', nullable: true, example: 'federation/provider_unavailable' })
  problem: string | null;
}
