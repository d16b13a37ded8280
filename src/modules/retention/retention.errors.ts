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
  held: { status: 409, message: 'A legal hold covers it: it is kept until the hold has been released.' },
  hold_not_found: { status: 404, message: 'There is no such legal hold.' },
  hold_released: { status: 409, message: 'The legal hold has been released already.' },
  release_requested: { status: 409, message: 'The release has been asked for already. Another operator has to agree.' },
  release_not_requested: { status: 409, message: 'Nobody has asked for the release. Ask for it first, and let another operator agree.' },
  four_eyes: { status: 403, message: 'Another operator than the one who asked for the release has to agree to it.' },
});
