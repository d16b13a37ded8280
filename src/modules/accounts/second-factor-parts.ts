import { RewrapRows } from '../../platform/kms/rewrap-rows.js';
import { BeginAssertion } from './core/second-factor/begin-assertion.js';
import { BeginRegistration } from './core/second-factor/begin-registration.js';
import { BeginTotp } from './core/second-factor/begin-totp.js';
import { CheckSecurityKey } from './core/second-factor/check-security-key.js';
import { CheckTotpCode } from './core/second-factor/check-totp-code.js';
import { ConfirmTotp } from './core/second-factor/confirm-totp.js';
import { FactorChanges } from './core/second-factor/factor-changes.js';
import { FactorRecords } from './core/second-factor/factor-records.js';
import { FactorSessions } from './core/second-factor/factor-sessions.js';
import { FinishEnrolment } from './core/second-factor/finish-enrolment.js';
import { TotpSecrets } from './core/second-factor/totp-secrets.js';
import { FactorEvents } from './core/second-factor/factor-events.js';
import { GuessGuard } from './core/second-factor/guess-guard.js';
import { ListSecondFactors } from './core/second-factor/list-second-factors.js';
import { RecoveryCodes } from './core/second-factor/recovery-codes.js';
import { RegisterSecurityKey } from './core/second-factor/register-security-key.js';
import { RemoveSecondFactor } from './core/second-factor/remove-second-factor.js';
import { RenameSecurityKey } from './core/second-factor/rename-security-key.js';
import { ReplaceRecoveryCodes } from './core/second-factor/replace-recovery-codes.js';
import { ResetSecondFactors } from './core/second-factor/reset-second-factors.js';
import { RewrapTotpSecrets } from './core/second-factor/rewrap-totp-secrets.js';
import { SecondFactorDemand } from './core/second-factor/second-factor-demand.js';
import { SecurityKeyProofs } from './core/second-factor/security-key-proofs.js';
import { SignInWithPasskey } from './core/second-factor/sign-in-with-passkey.js';
import { StoredSecondFactors } from './core/second-factor/stored-second-factors.js';
import { UseRecoveryCode } from './core/second-factor/use-recovery-code.js';
import { WebauthnChallenges } from './core/second-factor/webauthn-challenges.js';
import { SecondFactors } from './core/second-factors.js';
import { RecoveryCodeEntity } from './data/second-factor/recovery-code.entity.js';
import { RecoveryCodesRepository } from './data/second-factor/recovery-codes.repository.js';
import { TotpAttemptsRepository } from './data/second-factor/totp-attempts.repository.js';
import { TotpFactorEntity } from './data/second-factor/totp-factor.entity.js';
import { TotpFactorsRepository } from './data/second-factor/totp-factors.repository.js';
import { WebauthnChallengeEntity } from './data/second-factor/webauthn-challenge.entity.js';
import { WebauthnChallengesRepository } from './data/second-factor/webauthn-challenges.repository.js';
import { WebauthnCredentialEntity } from './data/second-factor/webauthn-credential.entity.js';
import { WebauthnCredentialsRepository } from './data/second-factor/webauthn-credentials.repository.js';
import { KeyEnrolmentController } from './http/second-factor/key-enrolment.controller.js';
import { PasskeysController } from './http/second-factor/passkeys.controller.js';
import { PeopleFactorsController } from './http/second-factor/people-factors.controller.js';
import { SecondFactorsController } from './http/second-factor/second-factors.controller.js';
import { SignInFactorsController } from './http/second-factor/sign-in-factors.controller.js';
import { SignInKeysController } from './http/second-factor/sign-in-keys.controller.js';
import { TotpEnrolmentController } from './http/second-factor/totp-enrolment.controller.js';
import { RewrapTotpSecretsJob } from './jobs/rewrap-totp-secrets.job.js';
import { SweepWebauthnChallengesJob } from './jobs/sweep-webauthn-challenges.job.js';

/** What second factors bring to the module of accounts. They have no module of their own: sessions ask them, and they renew sessions. */
export const SECOND_FACTOR_PARTS = {
  entities: [TotpFactorEntity, WebauthnCredentialEntity, RecoveryCodeEntity, WebauthnChallengeEntity],
  controllers: [
    PeopleFactorsController,
    TotpEnrolmentController,
    KeyEnrolmentController,
    SecondFactorsController,
    SignInFactorsController,
    SignInKeysController,
    PasskeysController,
  ],
  providers: [
    TotpFactorsRepository,
    WebauthnCredentialsRepository,
    RecoveryCodesRepository,
    WebauthnChallengesRepository,
    TotpAttemptsRepository,
    SecondFactorDemand,
    FactorEvents,
    GuessGuard,
    FactorSessions,
    FactorRecords,
    FactorChanges,
    FinishEnrolment,
    TotpSecrets,
    WebauthnChallenges,
    RecoveryCodes,
    BeginTotp,
    ConfirmTotp,
    CheckTotpCode,
    UseRecoveryCode,
    ReplaceRecoveryCodes,
    BeginRegistration,
    RegisterSecurityKey,
    BeginAssertion,
    SecurityKeyProofs,
    CheckSecurityKey,
    SignInWithPasskey,
    ListSecondFactors,
    RenameSecurityKey,
    RemoveSecondFactor,
    ResetSecondFactors,
    RewrapRows,
    RewrapTotpSecrets,
    RewrapTotpSecretsJob,
    SweepWebauthnChallengesJob,
    { provide: SecondFactors, useClass: StoredSecondFactors },
  ],
};
