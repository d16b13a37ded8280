import { Injectable } from '@nestjs/common';
import passport from 'passport';
import type { Callback } from '../core/attempts.js';
import { CompleteFederation, type Completion } from '../core/complete-federation.js';

const NAME = 'federation';

type Middleware = (request: Callback, response: object, next: (error: unknown) => void) => void;

/** What Passport calls: it is shown the callback and no more of the request. */
class CallbackVerification extends passport.Strategy {
  override readonly name = NAME;

  constructor(private readonly completion: CompleteFederation) {
    super();
  }

  override authenticate(request: unknown): void {
    // Passport calls a copy made for this request, with the methods that end it.
    const outcome = this as unknown as passport.StrategyCreatedStatic;
    this.completion.run(request as Callback).then(
      (completed) => outcome.success(completed),
      (error: unknown) => outcome.error(error),
    );
  }
}

/** Passport's strategy for whoever comes back from an identity provider. */
@Injectable()
export class CallbackStrategy {
  /** Not Passport's global registry, in which a second application of this process would answer for the first one's callbacks. */
  private readonly passport = new passport.Passport();

  constructor(completion: CompleteFederation) {
    this.passport.use(new CallbackVerification(completion));
  }

  /** Who came back. Raises what {@link CompleteFederation} raises. */
  identify(callback: Callback): Promise<Completion> {
    return new Promise((resolve, reject) => {
      const answer = (error: Error | null, completed: Completion): void => {
        if (error) reject(error);
        else resolve(completed);
      };
      const authenticate = this.passport.authenticate(NAME, { session: false }, answer) as Middleware;
      authenticate(callback, {}, reject);
    });
  }
}
