import { Injectable } from '@nestjs/common';
import type { OrganisationId } from '../../../../kernel/ids.js';
import type { Tx } from '../../../../platform/database/unit-of-work.js';
import { scimErrors } from '../../scim.errors.js';
import { DomainRules } from '../domain-rules.js';
import type { UserDraft } from './user-draft.js';

/** Which e-mail addresses a directory may speak for. */
@Injectable()
export class DirectoryAddresses {
  constructor(private readonly domains: DomainRules) {}

  /**
   * The address of a user, which is the user name when none is given. Raises `scim/address_not_captured` unless the organisation has proven its
   * domain: a directory speaks for its own people and for nobody else's. The transaction must be a system one.
   */
  async requireCaptured(tx: Tx, organisationId: OrganisationId, draft: Pick<UserDraft, 'email' | 'userName'>): Promise<string> {
    const address = addressOf(draft);
    const owner = await this.domains.ownerOf(tx, address);
    if (owner?.organisationId !== organisationId) throw scimErrors.address_not_captured();
    return address;
  }
}

export function addressOf({ email, userName }: Pick<UserDraft, 'email' | 'userName'>): string {
  return email ?? userName;
}
