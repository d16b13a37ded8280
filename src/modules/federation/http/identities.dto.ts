import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IfGiven, IsId } from '../../../platform/http/field-rules.js';
import type { LinkedIdentity } from '../core/linked-identities.js';
import { PROVIDER_KINDS, type ProviderKind } from '../core/provider-configuration.js';
import { IsReturnPath } from './sign-in.dto.js';

/** An identity to link to one's own account. */
export class LinkIdentityDto {
  /** The provider where it is; one of the installation's, or of an organisation one belongs to. */
  @ApiProperty({ type: 'string', format: 'uuid' })
  @IsId()
  providerId: string;

  /** Where the browser goes when it is done: a path of this installation. */
  @ApiPropertyOptional({ type: 'string', maxLength: 500, default: '/', example: '/settings' })
  @IfGiven()
  @IsReturnPath()
  returnPath: string = '/';
}

/** An identity linked to one's own account: everything that is kept of it. */
export class IdentityDto {
  @ApiProperty({ type: 'string', format: 'uuid' })
  id: string;

  @ApiProperty({ type: 'string', format: 'uuid' })
  providerId: string;

  @ApiProperty({ type: 'string' })
  providerName: string;

  @ApiProperty({ enum: PROVIDER_KINDS })
  kind: ProviderKind;

  /** The id at the provider. */
  @ApiProperty({ type: 'string' })
  subject: string;

  @ApiProperty({ type: 'string', nullable: true })
  username: string | null;

  /** As the provider says it. */
  @ApiProperty({ type: 'string', nullable: true })
  email: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  avatarUrl: string | null;

  @ApiProperty({ type: 'boolean' })
  vip: boolean;

  /** When the provider last said all this, RFC 3339. */
  @ApiProperty({ type: 'string', format: 'date-time' })
  refreshedAt: string;

  static of(this: void, { provider, ...identity }: LinkedIdentity): IdentityDto {
    const { id, subject, username, email, avatarUrl, vip, refreshedAt } = identity;
    const shown = { providerId: provider.id, providerName: provider.name, kind: provider.kind };
    return { id, ...shown, subject, username, email, avatarUrl, vip, refreshedAt: refreshedAt.toISOString() };
  }
}

/** The identities of an account. */
export class IdentitiesDto {
  @ApiProperty({ type: IdentityDto, isArray: true })
  data: IdentityDto[];
}
