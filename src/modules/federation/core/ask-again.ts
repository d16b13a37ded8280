import { Injectable } from '@nestjs/common';
import type { ExternalGrantRow } from '../data/external-grant.entity.js';
import type { ExternalIdentityRow } from '../data/external-identity.entity.js';
import type { ExternalProfile } from '../data/external-identities.repository.js';
import { AuthorizationCodeClient } from './authorization-code-client.js';
import { IdentityBook } from './identity-book.js';
import { KeepGrant, REFRESH_EVERY_MS } from './keep-grant.js';
import { SignOnProviders } from './sign-on-providers.js';

/** What came of asking. `refused`: there is nothing to ask with any more. `away`: the provider is switched off, or the person is gone. */
export type Answer =
  | { readonly outcome: 'said'; readonly identity: ExternalIdentityRow; readonly profile: ExternalProfile }
  | { readonly outcome: 'refused'; readonly identity: ExternalIdentityRow }
  | { readonly outcome: 'away' };

/** Asks a provider again about somebody who has let us, and keeps the token it gives for the next time. */
@Injectable()
export class AskAgain {
  constructor(
    private readonly book: IdentityBook,
    private readonly providers: SignOnProviders,
    private readonly client: AuthorizationCodeClient,
    private readonly keepGrant: KeepGrant,
  ) {}

  /** Raises `kms/*`, `federation/provider_unavailable` and `federation/answer_refused`. */
  async run(grant: ExternalGrantRow): Promise<Answer> {
    const identity = await this.book.findById(grant.identityId);
    const provider = identity === null ? null : await this.providers.find(identity.providerId);
    if (identity === null || provider === null || provider.status !== 'active') return { outcome: 'away' };
    if (provider.kind === 'saml' || !provider.settings.keepsRefreshToken) return { outcome: 'refused', identity };
    const secret = await this.providers.secretOf(provider);
    const refreshToken = await this.keepGrant.open(grant);
    const verified = await this.client.refresh(provider, secret, { refreshToken, subject: identity.subject });
    if (verified === null) return { outcome: 'refused', identity };
    // The token first: a provider that rotates them takes the old one no more.
    if (verified.refreshToken !== null) await this.keepGrant.run(identity.id, verified.refreshToken);
    // One that cannot be kept leaves the old one, whose turn must not come again at once.
    else await this.keepGrant.postpone(grant, REFRESH_EVERY_MS);
    return { outcome: 'said', identity, profile: verified.person.profile };
  }
}
