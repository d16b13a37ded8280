import { AppError, declaredErrors } from '../../kernel/errors.js';
import { isErrorCode, isIdentifier } from './safe-values.js';

/** What the log keeps of an error. */
export interface LoggedError {
  readonly name: string;
  readonly code?: string;
  readonly status?: number;
  /** Only the catalogue's own sentence: an occurrence's sentence may name what a caller wrote. */
  readonly message?: string;
  readonly frames?: readonly string[];
  readonly cause?: LoggedError;
  readonly errors?: readonly LoggedError[];
}

const MAX_DEPTH = 5;
const MAX_FRAMES = 30;
const MAX_AGGREGATED = 10;
const FRAME =
  /^ {4}at (?:[\w$.<>[\]# ]{1,160} \()?(?:node:[\w/.:-]+|(?:file:\/\/)?\/[^()"'`{}]{1,300}\.[cm]?[jt]s|<anonymous>)(?::\d+){0,2}\)?$/;

/**
 * Keeps of an error what cannot quote content: names, codes and stack frames. Messages are dropped, as V8 quotes the JSON
 * it could not read and database drivers quote the row; so are `detail`, `where`, `query`, `parameters` and all other
 * properties. Causes and aggregated errors are kept the same way, five deep.
 */
export function serialiseError(error: unknown, depth = 0): LoggedError {
  if (typeof error !== 'object' || error === null) return { name: `thrown ${typeof error}` };
  const code = read(error, 'code');
  const status = read(error, 'status');
  const frames = framesOf(error);
  const deeper = depth < MAX_DEPTH;
  const cause = read(error, 'cause');
  const errors = read(error, 'errors');
  return {
    name: nameOf(error),
    ...(isErrorCode(code) ? { code } : {}),
    ...(typeof status === 'number' ? { status } : {}),
    ...(error instanceof AppError ? sentenceOf(error) : {}),
    ...(frames.length > 0 ? { frames } : {}),
    ...(deeper && typeof cause === 'object' && cause !== null ? { cause: serialiseError(cause, depth + 1) } : {}),
    ...(deeper && Array.isArray(errors) && error instanceof Error
      ? { errors: errors.slice(0, MAX_AGGREGATED).map((each) => serialiseError(each, depth + 1)) }
      : {}),
  };
}

/** A property that may be a getter and may throw; a log line must not fail because of it. */
function read(target: object, name: string): unknown {
  try {
    return Reflect.get(target, name);
  } catch {
    return undefined;
  }
}

/** The class's name: an instance can carry any text in its own `name`. */
function nameOf(error: object): string {
  const constructor = read(error, 'constructor');
  const name = typeof constructor === 'function' ? constructor.name : undefined;
  return isIdentifier(name) ? name : 'Error';
}

function sentenceOf(error: AppError): { message?: string } {
  const declared = declaredErrors().find((definition) => definition.code === error.code);
  return declared ? { message: declared.message } : {};
}

/**
 * The frames of a stack. The stack begins with the message as it was when the error was made, which may itself hold lines
 * that look like frames; when the message cannot be found there to be cut off, nothing is kept.
 */
function framesOf(error: object): string[] {
  const stack = read(error, 'stack');
  const message = read(error, 'message');
  if (!(error instanceof Error) || typeof stack !== 'string' || typeof message !== 'string') return [];
  const start = message === '' ? stack.search(/\n|$/) : stack.indexOf(message);
  if (start === -1) return [];
  const frames = stack.slice(start + message.length);
  if (!frames.startsWith('\n    at ')) return [];
  return frames
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.slice('    at '.length));
}
