import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type Observable, tap } from 'rxjs';
import { AppError } from '../../kernel/errors.js';
import { Metrics, type SignInKind, type SignInOutcome } from '../telemetry/metrics.js';

const KIND = 'lethe:sign-in-kind';

/** Counts how attempts at a route that somebody proves who they are by have ended: that it rises is the first sign of guessing. Nothing says whose they were. */
@Injectable()
class SignInCount implements NestInterceptor {
  constructor(
    private readonly metrics: Metrics,
    private readonly reflector: Reflector,
  ) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const kind = this.reflector.get<SignInKind>(KIND, context.getHandler());
    return next.handle().pipe(
      tap({
        next: () => this.metrics.signInFinished(kind, 'right'),
        error: (error: unknown) => this.metrics.signInFinished(kind, outcomeOf(error)),
      }),
    );
  }
}

/** Counts the attempts at this route in `lethe_sign_ins_total`. */
export function CountsSignIn(kind: SignInKind): MethodDecorator {
  return applyDecorators(SetMetadata(KIND, kind), UseInterceptors(SignInCount));
}

function outcomeOf(error: unknown): SignInOutcome {
  if (!(error instanceof AppError) || error.status >= 500) return 'failed';
  return error.status === 429 ? 'slowed' : 'refused';
}
