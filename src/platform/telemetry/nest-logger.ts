import type { LoggerService } from '@nestjs/common';
import type { Log } from './logger.js';
import { isStructure } from './safe-values.js';

/** Nest's own components, whose plain messages name classes and routes of this code base and nothing a caller sent. */
const STRUCTURAL = new Set(['InstanceLoader', 'NestApplication', 'NestFactory', 'NestMicroservice', 'RouterExplorer', 'RoutesResolver']);

type Level = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace';

/**
 * Lets Nest and the libraries that use its logger write to {@link Log}. Their texts may quote anything (an exception's
 * message, a driver's detail), so only Nest's start-up messages keep theirs, at debug level; of the rest the
 * component and the error's shape remain.
 */
export class NestLog implements LoggerService {
  constructor(private readonly sink: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  private write(level: Level, message: unknown, rest: readonly unknown[]): void {
    const last = rest.at(-1);
    const component = typeof last === 'string' && /^\w{1,64}$/.test(last) ? last : 'nest';
    const err = [message, ...rest].find((each) => each instanceof Error);
    const state = typeof message === 'string' && STRUCTURAL.has(component) && isStructure(message) ? message : undefined;
    if (state === undefined) {
      this.sink[level]('a framework component reported', { component, err });
    } else {
      this.sink[level]('framework', { component, nestMessage: state, err });
    }
  }
}
