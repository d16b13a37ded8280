import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { keepAllowedFields, type LogFields } from './log-fields.js';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** Where the lines go; standard output unless told. */
  readonly destination?: DestinationStream;
}

/**
 * A message that is one constant sentence. A template with a value in it does not compile: its type is a pattern, which
 * `{}` satisfies as an index signature but never as a named property. Values go into fields.
 */
export type ConstantMessage<M extends string> = Record<never, never> extends Record<M, 1> ? never : M;

/**
 * Writes JSON lines that cannot hold content (C1) or keys (K2): the message is a constant, the fields come from the
 * closed list {@link LogFields}, and errors lose their messages. Also the injection token.
 */
export class Log {
  private constructor(private readonly sink: Logger) {}

  /** The process's log. */
  static open(options: LogOptions): Log {
    const settings = {
      level: options.level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label: string) => ({ level: label }) },
    };
    return new Log(options.destination ? pino(settings, options.destination) : pino(settings));
  }

  /** A log whose every line carries `fields`. */
  child(fields: LogFields): Log {
    return new Log(this.sink.child(keepAllowedFields(fields)));
  }

  isEnabled(level: LogLevel): boolean {
    return this.sink.isLevelEnabled(level);
  }

  fatal<const M extends string>(message: ConstantMessage<M>, fields?: LogFields): void {
    this.write('fatal', message, fields);
  }

  error<const M extends string>(message: ConstantMessage<M>, fields?: LogFields): void {
    this.write('error', message, fields);
  }

  warn<const M extends string>(message: ConstantMessage<M>, fields?: LogFields): void {
    this.write('warn', message, fields);
  }

  info<const M extends string>(message: ConstantMessage<M>, fields?: LogFields): void {
    this.write('info', message, fields);
  }

  debug<const M extends string>(message: ConstantMessage<M>, fields?: LogFields): void {
    this.write('debug', message, fields);
  }

  trace<const M extends string>(message: ConstantMessage<M>, fields?: LogFields): void {
    this.write('trace', message, fields);
  }

  private write(level: Exclude<LogLevel, 'silent'>, message: string, fields: LogFields | undefined): void {
    if (!this.sink.isLevelEnabled(level)) return;
    this.sink[level](fields === undefined ? {} : keepAllowedFields(fields), message);
  }
}
