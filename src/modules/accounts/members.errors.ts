import { errorCatalogue } from '../../kernel/errors.js';

/** Members, invitations and ownership. None of these tells whether an address has an account. */
export const membersErrors = errorCatalogue('members', {
  role_beyond_yours: { status: 403, message: 'You cannot give, take or change a role that may do more than your own.' },
  already_member: { status: 409, message: 'Whoever has this address is a member already.' },
  invitation_not_found: { status: 404, message: 'The organisation has no such invitation.' },
  invitation_exists: {
    status: 409,
    message: 'The organisation invites this address already. Send that invitation again, or take it back first.',
  },
  too_many_invitations: { status: 409, message: 'Too many invitations wait to be taken up. Take some back first.' },
  invited_too_often: { status: 429, message: 'Too many invitations have been sent. Try again later.' },
  invitation_not_valid: {
    status: 410,
    message: 'This invitation has expired, has been taken up or back, or never was one. Ask for a new one.',
  },
  invitation_for_another: { status: 403, message: 'This invitation is for another e-mail address than that of your account.' },
  offer_not_found: { status: 404, message: 'Nobody offers the ownership of this organisation.' },
  offer_exists: { status: 409, message: 'The ownership is on offer already. Withdraw that first.' },
  offer_not_valid: { status: 409, message: 'The offer has expired, or whoever made it owns the organisation no more.' },
  not_for_yourself: { status: 409, message: 'You own the organisation already, or would offer it to yourself.' },
});
