import { errorCatalogue } from '../../kernel/errors.js';

export const retentionErrors = errorCatalogue('retention', {
  unknown_profile: { status: 500, message: 'LETHE_PROFILE names no profile.' },
  invalid_profile: { status: 500, message: 'The policy profile is not valid.' },
  unsupported_profile: { status: 500, message: 'The policy profile asks for what this installation cannot keep.' },
  profile_changed: {
    status: 500,
    message: 'The policy profile is not the one in force. `npx lethe profile apply` shows what would change and puts it in force.',
  },
  unknown_plan: { status: 400, message: 'The policy profile has no such plan.' },
  override_refused: { status: 400, message: 'The policy profile does not let this window be changed so.' },
});
