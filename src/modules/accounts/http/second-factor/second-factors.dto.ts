import { ApiProperty } from '@nestjs/swagger';
import { IsObject } from 'class-validator';
import { IsCleanText } from '../../../../platform/http/field-rules.js';
import type { SignInState } from '../../accounts.contract.js';
import type { SecondFactorOverview } from '../../core/second-factor/list-second-factors.js';
import type { Enrolled } from '../../core/second-factor/recovery-codes.js';
import type { WebauthnCredentialRow } from '../../data/second-factor/webauthn-credentials.repository.js';
import { SIGN_IN_STATES, SignedInDto } from '../sign-in.dto.js';

const CREDENTIAL = { type: 'object', additionalProperties: true, description: 'What `PublicKeyCredential.toJSON()` gives.' } as const;

/** A code as an authenticator app shows it, or a recovery code as it was written down. */
export class SecondFactorCodeDto {
  /** Case, spaces and hyphens of a recovery code do not matter. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 64, example: '287082' })
  @IsCleanText({ min: 1, max: 64 })
  code: string;
}

/** What a browser's authenticator has signed. */
export class SecurityKeyAnswerDto {
  @ApiProperty(CREDENTIAL)
  @IsObject({ message: 'must be an object' })
  credential: Record<string, unknown>;
}

/** A security key that was just made. */
export class RegisterSecurityKeyDto extends SecurityKeyAnswerDto {
  /** Name its owner tells it by. */
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100, example: 'Blue key on my keyring' })
  @IsCleanText({ min: 1, max: 100 })
  name: string;
}

export class RenameSecurityKeyDto {
  @ApiProperty({ type: 'string', minLength: 1, maxLength: 100 })
  @IsCleanText({ min: 1, max: 100 })
  name: string;
}

/** What a page hands to its browser. */
export class PublicKeyOptionsDto {
  /** For `PublicKeyCredential.parseCreationOptionsFromJSON()` or `parseRequestOptionsFromJSON()`. Good once, for five minutes. */
  @ApiProperty({ type: 'object', additionalProperties: true })
  publicKey: object;
}

/** A factor that counts from now on. */
export class EnrolledDto extends SignedInDto {
  /** Ten, shown now and never again; null when the account has some already. */
  @ApiProperty({ type: 'string', isArray: true, nullable: true })
  recoveryCodes: string[] | null;

  static ofEnrolled(this: void, enrolled: Enrolled): EnrolledDto {
    const { recoveryCodes, session } = enrolled;
    const { accountId, sessionId, state, csrfToken } = session;
    return { accountId, sessionId, state, csrfToken, recoveryCodes: recoveryCodes === null ? null : [...recoveryCodes] };
  }
}

/** A secret for an authenticator app. It counts for nothing until one of its codes has come back. */
export class TotpEnrolmentDto {
  /** To be shown as a QR code, now and never again. */
  @ApiProperty({ type: 'string', example: 'otpauth://totp/…' })
  uri: string;

  /** The same for typing, in base 32. */
  secret: string;

  /** RFC 3339. */
  expiresAt: string;
}

export class RecoveryCodesDto {
  /** Ten, each good once. Shown now and never again; those before are void. */
  recoveryCodes: string[];
}

/** What whoever is signing in may present. */
export class SignInFactorsDto {
  @ApiProperty({ enum: SIGN_IN_STATES, enumName: 'SignInState' })
  state: SignInState;

  totp: boolean;

  securityKey: boolean;

  recoveryCode: boolean;

  static of(this: void, state: SignInState, factors: SecondFactorOverview): SignInFactorsDto {
    return {
      state,
      totp: factors.totp !== null,
      securityKey: factors.securityKeys.some(({ status }) => status === 'active'),
      recoveryCode: factors.recoveryCodesLeft > 0,
    };
  }
}

/** An authenticator app. */
export class TotpFactorDto {
  createdAt: string;

  @ApiProperty({ type: 'string', nullable: true })
  lastUsedAt: string | null;
}

/** A security key or passkey. */
export class SecurityKeyDto {
  id: string;

  name: string;

  /** `suspended`: its counter went back, as a copied key's does; it is never taken again. */
  @ApiProperty({ enum: ['active', 'suspended'] })
  status: 'active' | 'suspended';

  /** Whether its owner's devices share it. */
  backedUp: boolean;

  createdAt: string;

  @ApiProperty({ type: 'string', nullable: true })
  lastUsedAt: string | null;

  static of(this: void, key: WebauthnCredentialRow): SecurityKeyDto {
    const { id, name, status, backedUp } = key;
    return { id, name, status, backedUp, createdAt: key.createdAt.toISOString(), lastUsedAt: key.lastUsedAt?.toISOString() ?? null };
  }
}

/** The second factors of an account. */
export class SecondFactorsDto {
  @ApiProperty({ type: TotpFactorDto, nullable: true })
  totp: TotpFactorDto | null;

  @ApiProperty({ type: [SecurityKeyDto] })
  securityKeys: SecurityKeyDto[];

  recoveryCodesLeft: number;

  /** Whether an organisation of the account's demands a second factor: then the last one cannot be removed. */
  demanded: boolean;

  static of(this: void, { totp, securityKeys, recoveryCodesLeft, demanded }: SecondFactorOverview): SecondFactorsDto {
    return {
      totp: totp === null ? null : { createdAt: totp.createdAt.toISOString(), lastUsedAt: totp.lastUsedAt?.toISOString() ?? null },
      securityKeys: securityKeys.map(SecurityKeyDto.of),
      recoveryCodesLeft,
      demanded,
    };
  }
}
