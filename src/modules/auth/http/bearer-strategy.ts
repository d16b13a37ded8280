import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy } from 'passport-http-bearer';
import type { Principal } from '../../../platform/http/principal.js';
import { KeyAuthenticator } from '../auth.contract.js';
import { OperatorAuthenticator } from '../core/operator-authenticator.js';
import { OPERATOR_TOKEN_PREFIX } from '../core/secret-format.js';

/** All that Passport is shown of a request: a token in a body or a query is none of its business, as those end up in logs (RFC 6750 §2.3). */
interface BearerRequest {
  readonly headers: { readonly authorization: string | undefined };
  readonly remoteAddress: string;
}

type Middleware = (request: BearerRequest, response: object, next: (error: unknown) => void) => void;

/** Passport's bearer strategy (RFC 6750) for operator tokens and API keys. */
@Injectable()
export class BearerStrategy extends PassportStrategy(Strategy, 'bearer') {
  /** No initial value: the base constructor sets it through {@link getPassportInstance}. */
  private ownPassport: passport.PassportStatic | undefined;

  constructor(
    private readonly operators: OperatorAuthenticator,
    private readonly keys: KeyAuthenticator,
  ) {
    super({ passReqToCallback: true, realm: 'lethe' });
  }

  /** Not Passport's global registry, in which a second application of this process would take over the first one's tokens. */
  getPassportInstance(): passport.PassportStatic {
    this.ownPassport ??= new passport.Passport() as unknown as passport.PassportStatic;
    return this.ownPassport;
  }

  /** Called by Passport with the token it found. */
  override async validate(request: BearerRequest, token: string): Promise<Principal> {
    if (token.startsWith(OPERATOR_TOKEN_PREFIX)) return this.operators.authenticate(token);
    return this.keys.authenticate(token, request.remoteAddress);
  }

  /** Who presents this authorization header; undefined when it holds no bearer token. Raises the errors of both authenticators. */
  identify(authorization: string | undefined, remoteAddress: string): Promise<Principal | undefined> {
    return new Promise((resolve, reject) => {
      const answer = (error: Error | null, principal: Principal | false | undefined): void => {
        if (error) reject(error);
        else resolve(principal || undefined);
      };
      const authenticate = this.getPassportInstance().authenticate('bearer', { session: false }, answer) as Middleware;
      authenticate({ headers: { authorization }, remoteAddress }, {}, reject);
    });
  }
}
