import { Injectable } from '@nestjs/common';
import { RecoveryCodesRepository } from '../../data/second-factor/recovery-codes.repository.js';
import { TotpAttemptsRepository } from '../../data/second-factor/totp-attempts.repository.js';
import { TotpFactorsRepository } from '../../data/second-factor/totp-factors.repository.js';
import { WebauthnCredentialsRepository } from '../../data/second-factor/webauthn-credentials.repository.js';

/** What is kept of an account's factors, for those who look at all of it. */
@Injectable()
export class FactorRecords {
  constructor(
    readonly apps: TotpFactorsRepository,
    readonly credentials: WebauthnCredentialsRepository,
    readonly codes: RecoveryCodesRepository,
    readonly attempts: TotpAttemptsRepository,
  ) {}
}
