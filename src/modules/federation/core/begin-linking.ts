import { Injectable } from '@nestjs/common';
import type { AccountId, IdentityProviderId, SessionId } from '../../../kernel/ids.js';
import { BeginFederation } from './begin-federation.js';
import { BeginSaml } from './saml/begin-saml.js';
import { SignOnProviders } from './sign-on-providers.js';

/** Somebody signed in who wants one more identity to open their account. */
export interface Linking {
  readonly providerId: IdentityProviderId;
  readonly accountId: AccountId;
  /** When it ends, so does the linking. */
  readonly sessionId: SessionId;
  /** What the browser keeps in its cookie. */
  readonly browserSecret: string;
  /** A path `isReturnPath` takes. */
  readonly returnPath: string;
}

/** Begins to link an identity, in the protocol its provider speaks. */
@Injectable()
export class BeginLinking {
  constructor(
    private readonly providers: SignOnProviders,
    private readonly federation: BeginFederation,
    private readonly saml: BeginSaml,
  ) {}

  /** Where the browser goes now. Raises what {@link BeginFederation} and {@link BeginSaml} raise. */
  async run({ accountId, sessionId, ...rest }: Linking): Promise<string> {
    // Whoever links has an account: its age and language are known.
    const beginning = { ...rest, linking: { accountId, sessionId }, attestedAge: null, locale: 'en' };
    const provider = await this.providers.find(rest.providerId);
    return provider?.kind === 'saml' ? this.saml.run(beginning) : this.federation.run(beginning);
  }
}
