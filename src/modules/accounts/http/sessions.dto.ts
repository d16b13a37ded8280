import { ApiProperty } from '@nestjs/swagger';
import type { SessionId } from '../../../kernel/ids.js';
import type { SignInMethod } from '../accounts.contract.js';
import type { SessionEntity } from '../data/session.entity.js';

/** One browser that is signed in. */
export class SessionDto {
  id: string;

  /** Whether it is the one that asks. */
  isCurrent: boolean;

  @ApiProperty({ enum: ['password', 'email_link', 'oidc', 'saml', 'webauthn'], enumName: 'SignInMethod' })
  method: SignInMethod;

  /** Such as `Firefox on Linux`. */
  @ApiProperty({ type: 'string', nullable: true })
  device: string | null;

  /** ISO 3166-1 alpha-2; null where no GeoIP database is set. */
  @ApiProperty({ type: 'string', nullable: true })
  country: string | null;

  @ApiProperty({ type: 'string', nullable: true })
  region: string | null;

  /** RFC 3339. */
  createdAt: string;

  /** RFC 3339; true to about a minute. */
  lastSeenAt: string;

  /** RFC 3339: its absolute limit. Unused it ends sooner. */
  expiresAt: string;

  static of(this: void, session: SessionEntity, current: SessionId): SessionDto {
    const { id, method, device, country, region, createdAt, lastSeenAt, expiresAt } = session;
    return {
      id,
      isCurrent: id === current,
      method,
      device,
      country,
      region,
      createdAt: createdAt.toISOString(),
      lastSeenAt: lastSeenAt.toISOString(),
      expiresAt: expiresAt.toISOString(),
    };
  }
}

/** All live sessions of an account. */
export class SessionsDto {
  @ApiProperty({ type: [SessionDto] })
  data: SessionDto[];
}
