/** Machine-readable facts about a failure: field names, limits, ids. Never content, never a secret. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** One invalid input: `field` is the path the caller wrote (`targets[0].credentialId`), `message` says what would be right. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

/** What a catalogue says of one error: its HTTP status and the sentence a caller may read. */
export interface ErrorDefinition {
  readonly status: number;
  readonly message: string;
}

/**
 * The one error of the house. It keeps apart what happened (`cause`, for the log), what the caller may
 * read (`publicMessage`, `details`) and what a program may switch on (`code`, such as `auth/invalid_key`).
 */
export class AppError extends Error {
  override readonly name = 'AppError';

  constructor(
    readonly code: string,
    readonly status: number,
    readonly publicMessage: string,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(`${code}: ${publicMessage}`, options);
  }
}

/** Extra facts given when an error of a catalogue is raised. `message` replaces the catalogue's sentence. */
export interface Occurrence {
  readonly message?: string;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

type Catalogue<K extends string> = { readonly [P in K]: (occurrence?: Occurrence) => AppError };

const catalogues = new Map<string, Readonly<Record<string, ErrorDefinition>>>();

/**
 * Declares the errors of one module. `errorCatalogue('auth', { invalid_key: {…} })` gives `.invalid_key()`,
 * which builds an {@link AppError} with the code `auth/invalid_key`. `docs/errors.md` is generated from all of them.
 */
export function errorCatalogue<K extends string>(module: string, definitions: Record<K, ErrorDefinition>): Catalogue<K> {
  catalogues.set(module, definitions);
  const factories = Object.entries<ErrorDefinition>(definitions).map(([key, definition]) => [
    key,
    (occurrence: Occurrence = {}) =>
      new AppError(
        `${module}/${key}`,
        definition.status,
        occurrence.message ?? definition.message,
        occurrence.details ?? {},
        occurrence.cause === undefined ? undefined : { cause: occurrence.cause },
      ),
  ]);
  return Object.fromEntries(factories) as Catalogue<K>;
}

/** Every error declared so far, sorted by code. */
export function declaredErrors(): { code: string; status: number; message: string }[] {
  return [...catalogues]
    .flatMap(([module, definitions]) =>
      Object.entries(definitions).map(([key, definition]) => ({ code: `${module}/${key}`, ...definition })),
    )
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}

/** Errors any layer may raise. */
export const kernelErrors = errorCatalogue('lethe', {
  invalid_request: { status: 400, message: 'The request is not valid.' },
  not_found: { status: 404, message: 'No such resource.' },
  conflict: { status: 409, message: 'The resource already exists or has changed.' },
  unavailable: { status: 503, message: 'The service cannot answer right now. Try again shortly.' },
  internal: { status: 500, message: 'Something went wrong on our side. Quote the request id when you report it.' },
});

/** The `code` of any error: a system call's (`ENOENT`), a SQLSTATE, an {@link AppError}'s own. Undefined when it has none that is text. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What may be said of any failure: its code, else the name of its class. Messages quote what was sent and where to. */
export function failureName(error: unknown): string {
  return errorCode(error) || (error instanceof Error ? error.name : typeof error);
}

/** A 400 that names every field that is wrong. */
export function invalidRequest(errors: readonly FieldError[]): AppError {
  const [first] = errors;
  const message = first ? `${first.field}: ${first.message}` : undefined;
  return kernelErrors.invalid_request({ message, details: { errors } });
}
