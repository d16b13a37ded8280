import { errorCatalogue } from '../../kernel/errors.js';

export const tenantsErrors = errorCatalogue('tenants', {
  organisation_not_found: { status: 404, message: 'No such organisation.' },
  project_not_found: { status: 404, message: 'The organisation has no such active project.' },
  slug_taken: { status: 409, message: 'Another organisation has this slug.' },
  operator_exists: { status: 409, message: 'The installation already has its operator organisation.' },
  operator_cannot_be_suspended: { status: 409, message: 'The operator organisation serves all others and cannot be suspended.' },
  creation_off: { status: 403, message: 'Organisations are made by the operator of this installation.' },
  too_many_organisations: { status: 409, message: 'You own as many organisations as one person may found.' },
  second_factor_missing: { status: 409, message: 'Sign in with a second factor of your own before you demand one of everybody.' },
  already_member: { status: 409, message: 'The account is a member of this organisation already.' },
  member_not_found: { status: 404, message: 'The organisation has no such member.' },
  last_owner: { status: 409, message: 'An organisation keeps at least one owner. Hand the ownership on first.' },
  too_many_projects: { status: 409, message: 'The organisation has as many projects as it may have, archived ones included.' },
  project_name_taken: { status: 409, message: 'Another project of this organisation has this name.' },
});
