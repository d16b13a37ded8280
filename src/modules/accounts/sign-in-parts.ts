import { AccountDesk } from './core/account-desk.js';
import { AccountEvents } from './core/account-events.js';
import { ConfirmEmailChange } from './core/email/confirm-email-change.js';
import { RequestEmailChange } from './core/email/request-email-change.js';
import { UndoEmailChange } from './core/email/undo-email-change.js';
import { LinkPost } from './core/links/link-post.js';
import { LinkedAccounts } from './core/links/linked-accounts.js';
import { LookAtLink } from './core/links/look-at-link.js';
import { MailedLinks } from './core/links/mailed-links.js';
import { ChangeAccountStatus } from './core/operator/change-account-status.js';
import { PersonTraces } from './core/operator/person-traces.js';
import { RemoveMinor } from './core/operator/remove-minor.js';
import { ReplayAccountRemoval } from './core/operator/replay-removal.js';
import { ChangePassword } from './core/passwords/change-password.js';
import { CheckPassword } from './core/passwords/check-password.js';
import { ChoosePassword } from './core/passwords/choose-password.js';
import { NewPassword } from './core/passwords/new-password.js';
import { PasswordHashes } from './core/passwords/password-hashes.js';
import { SetPassword } from './core/passwords/set-password.js';
import { ChangeProfile } from './core/profile/change-profile.js';
import { ReadAccount } from './core/profile/read-account.js';
import { CheckRecoveryCode } from './core/recovery/check-recovery-code.js';
import { PasswordRecoveryCodes } from './core/recovery/password-recovery-codes.js';
import { RecoverAccount } from './core/recovery/recover-account.js';
import { RecoverByCode } from './core/recovery/recover-by-code.js';
import { EndSession } from './core/sessions/end-session.js';
import { ListSessions } from './core/sessions/list-sessions.js';
import { SignInAdmission, SignInSurroundings } from './core/sessions/sign-in-surroundings.js';
import { FindByName } from './core/sign-in/find-by-name.js';
import { RequestLink } from './core/sign-in/request-link.js';
import { SignInWithLink } from './core/sign-in/sign-in-with-link.js';
import { SignInWithPassword } from './core/sign-in/sign-in-with-password.js';
import { AdmitUsername } from './core/sign-up/admit-username.js';
import { ConfirmSignUp } from './core/sign-up/confirm-sign-up.js';
import { MakeAccount } from './core/sign-up/make-account.js';
import { RequestSignUp } from './core/sign-up/request-sign-up.js';
import { SignUpByUsername } from './core/sign-up/sign-up-by-username.js';
import { SignUpPolicy } from './core/sign-up/sign-up-policy.js';
import { ProveByLink } from './core/step-up/prove-by-link.js';
import { ProveByPassword } from './core/step-up/prove-by-password.js';
import { MailBrake } from './core/throttle/mail-brake.js';
import { AccountClosuresRepository } from './data/account-closures.repository.js';
import { PasswordRecoveryCodesRepository } from './data/password-recovery-codes.repository.js';
import { TicketsRepository } from './data/tickets.repository.js';
import { AccountSecretsController } from './http/account-secrets.controller.js';
import { AccountController } from './http/account.controller.js';
import { LinksController } from './http/links.controller.js';
import { PeopleController } from './http/people.controller.js';
import { ProofController } from './http/proof.controller.js';
import { RecoveryController } from './http/recovery.controller.js';
import { SessionsController } from './http/sessions.controller.js';
import { SignInWaysController } from './http/sign-in-ways.controller.js';
import { SignInController } from './http/sign-in.controller.js';
import { SignUpController } from './http/sign-up.controller.js';
import { UsernameAccountsController } from './http/username-accounts.controller.js';
import { SweepRecoveryCodesJob } from './jobs/sweep-recovery-codes.job.js';
import { SweepSessionsJob } from './jobs/sweep-sessions.job.js';

/** What signing up, signing in by password and link, recovery, and one's own account are made of. */
export const SIGN_IN_PARTS = {
  controllers: [
    SignUpController,
    SignInWaysController,
    SignInController,
    LinksController,
    RecoveryController,
    SessionsController,
    AccountController,
    AccountSecretsController,
    ProofController,
    PeopleController,
    UsernameAccountsController,
  ],
  providers: [
    AccountDesk,
    AccountEvents,
    SignInAdmission,
    SignInSurroundings,
    TicketsRepository,
    AccountClosuresRepository,
    MailBrake,
    MailedLinks,
    LookAtLink,
    LinkPost,
    LinkedAccounts,
    PasswordHashes,
    ChoosePassword,
    SetPassword,
    NewPassword,
    CheckPassword,
    ChangePassword,
    SignUpPolicy,
    RequestSignUp,
    ConfirmSignUp,
    MakeAccount,
    AdmitUsername,
    SignUpByUsername,
    FindByName,
    SignInWithPassword,
    RequestLink,
    SignInWithLink,
    RecoverAccount,
    PasswordRecoveryCodesRepository,
    PasswordRecoveryCodes,
    CheckRecoveryCode,
    RecoverByCode,
    RequestEmailChange,
    ConfirmEmailChange,
    UndoEmailChange,
    ProveByPassword,
    ProveByLink,
    ListSessions,
    EndSession,
    ReadAccount,
    ChangeProfile,
    ChangeAccountStatus,
    PersonTraces,
    RemoveMinor,
    ReplayAccountRemoval,
    SweepSessionsJob,
    SweepRecoveryCodesJob,
  ],
};
