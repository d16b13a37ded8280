import type * as pkcs11 from 'pkcs11js';
import { AppError, failureName } from '../../kernel/errors.js';
import { kmsCause, kmsErrors } from './kms.errors.js';

/** PKCS#11 return values this code has an opinion on (OASIS PKCS#11 3.0, §5.1). */
export const CKR = {
  GENERAL_ERROR: 0x05,
  FUNCTION_FAILED: 0x06,
  ARGUMENTS_BAD: 0x07,
  DATA_INVALID: 0x20,
  DATA_LEN_RANGE: 0x21,
  DEVICE_REMOVED: 0x32,
  ENCRYPTED_DATA_INVALID: 0x40,
  ENCRYPTED_DATA_LEN_RANGE: 0x41,
  AEAD_DECRYPT_FAILED: 0x42,
  KEY_HANDLE_INVALID: 0x60,
  KEY_SIZE_RANGE: 0x62,
  KEY_TYPE_INCONSISTENT: 0x63,
  KEY_FUNCTION_NOT_PERMITTED: 0x68,
  MECHANISM_INVALID: 0x70,
  MECHANISM_PARAM_INVALID: 0x71,
  OBJECT_HANDLE_INVALID: 0x82,
  OPERATION_ACTIVE: 0x90,
  PIN_INCORRECT: 0xa0,
  PIN_INVALID: 0xa1,
  PIN_LEN_RANGE: 0xa2,
  PIN_EXPIRED: 0xa3,
  PIN_LOCKED: 0xa4,
  SESSION_CLOSED: 0xb0,
  SESSION_HANDLE_INVALID: 0xb3,
  USER_ALREADY_LOGGED_IN: 0x100,
  USER_NOT_LOGGED_IN: 0x101,
  USER_PIN_NOT_INITIALIZED: 0x102,
  CRYPTOKI_ALREADY_INITIALIZED: 0x191,
} as const;

export interface TokenAccess {
  /** The vendor's shared library: LETHE_PKCS11_LIBRARY. */
  readonly libraryPath: string;
  /** LETHE_PKCS11_TOKEN_LABEL. */
  readonly tokenLabel: string;
  /** The user PIN: LETHE_PKCS11_PIN. */
  readonly pin: string;
}

export interface TokenKey {
  readonly handle: pkcs11.Handle;
  /** CKA_ID, empty when the key has none. */
  readonly id: Buffer;
}

/** A logged-in session. It is used by one call at a time, because PKCS#11 allows a session one active operation. */
export interface TokenSession {
  readonly api: typeof pkcs11;
  readonly module: pkcs11.PKCS11;
  readonly handle: pkcs11.Handle;
}

const LOGIN_FAILURES = new Set<number>([
  CKR.PIN_INCORRECT,
  CKR.PIN_INVALID,
  CKR.PIN_LEN_RANGE,
  CKR.PIN_EXPIRED,
  CKR.PIN_LOCKED,
  CKR.USER_PIN_NOT_INITIALIZED,
]);
const STALE_SESSION = new Set<number>([
  CKR.SESSION_CLOSED,
  CKR.SESSION_HANDLE_INVALID,
  CKR.USER_NOT_LOGGED_IN,
  CKR.KEY_HANDLE_INVALID,
  CKR.OBJECT_HANDLE_INVALID,
  CKR.OPERATION_ACTIVE,
  CKR.DEVICE_REMOVED,
]);

const REST_MS = 1_000;

/** One token, reached through one session that is opened on first use and again when the token has dropped it. */
export class Pkcs11Token {
  private queue: Promise<unknown> = Promise.resolve();
  private session: TokenSession | undefined;
  private refusedPin: AppError | undefined;
  private library: Library | undefined;
  private resting = false;

  constructor(private readonly access: TokenAccess) {}

  /** Runs `use` when all earlier calls have ended, and once more on a fresh session when the old one has gone stale. */
  use<T>(signal: AbortSignal, use: (session: TokenSession) => Promise<T>): Promise<T> {
    const turn = this.queue.then(async () => {
      signal.throwIfAborted();
      try {
        return await this.attempt(use);
      } catch (error) {
        if (!STALE_SESSION.has(pkcs11Code(error))) throw error;
        return await this.attempt(use);
      }
    });
    this.queue = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.queue;
    this.dropSession();
    this.dropLibrary();
  }

  private async attempt<T>(use: (session: TokenSession) => Promise<T>): Promise<T> {
    this.session ??= await this.open();
    try {
      return await use(this.session);
    } catch (error) {
      // A failed operation may leave the session with one still active, so the next call gets a new one.
      this.dropSession();
      // Many libraries find a token that went and came back only after they are initialised anew.
      if (speaksOfTheToken(error)) this.dropLibrary();
      throw error;
    }
  }

  private async open(): Promise<TokenSession> {
    if (this.refusedPin) throw this.refusedPin;
    if (this.resting) throw kmsErrors.unavailable({ message: 'The token could not be reached a moment ago. Try again shortly.' });
    try {
      return await this.connect();
    } catch (error) {
      this.dropLibrary();
      this.rest();
      throw error;
    }
  }

  /** Connecting blocks the event loop, so while the token is away it is tried once a second and not once a call. */
  private rest(): void {
    this.resting = true;
    setTimeout(() => (this.resting = false), REST_MS).unref();
  }

  private async connect(): Promise<TokenSession> {
    this.library ??= await acquireLibrary(this.access.libraryPath);
    const { api, module } = this.library;
    const slot = module.C_GetSlotList(true).find((candidate) => labelOf(module.C_GetTokenInfo(candidate)) === this.access.tokenLabel);
    if (!slot)
      throw kmsErrors.unavailable({
        message: `The PKCS#11 library shows no token labelled "${this.access.tokenLabel}". Check LETHE_PKCS11_TOKEN_LABEL and that the token is connected.`,
      });
    const handle = module.C_OpenSession(slot, api.CKF_SERIAL_SESSION);
    try {
      this.logIn(module, handle, api.CKU_USER);
    } catch (error) {
      module.C_CloseSession(handle);
      throw error;
    }
    return { api, module, handle };
  }

  private logIn(module: pkcs11.PKCS11, handle: pkcs11.Handle, user: number): void {
    try {
      module.C_Login(handle, user, this.access.pin);
    } catch (error) {
      const code = pkcs11Code(error);
      if (code === CKR.USER_ALREADY_LOGGED_IN) return;
      if (!LOGIN_FAILURES.has(code)) throw error;
      // Tokens lock themselves after a few wrong PINs, so a PIN is offered once per process and never retried.
      this.refusedPin = kmsErrors.denied({
        message: `The token does not accept the PIN (${nameOf(error)}). Correct LETHE_PKCS11_PIN and restart; Lethe does not try again, so as not to lock the token.`,
        cause: kmsCause(nameOf(error)),
      });
      throw this.refusedPin;
    }
  }

  private dropLibrary(): void {
    if (this.library) releaseLibrary(this.access.libraryPath);
    this.library = undefined;
  }

  private dropSession(): void {
    const { session } = this;
    this.session = undefined;
    try {
      session?.module.C_CloseSession(session.handle);
    } catch {
      // It was gone already, which is what was wanted.
    }
  }
}

/** The AES key with this label (and CKA_ID, when given), or `null`. Two of them are a mistake nobody should guess about. */
export function findAesKey({ api, module, handle }: TokenSession, label: string, id?: Buffer): TokenKey | null {
  module.C_FindObjectsInit(handle, [
    { type: api.CKA_CLASS, value: api.CKO_SECRET_KEY },
    { type: api.CKA_KEY_TYPE, value: api.CKK_AES },
    { type: api.CKA_LABEL, value: label },
    ...(id ? [{ type: api.CKA_ID, value: id }] : []),
  ]);
  const found = module.C_FindObjects(handle, 2);
  module.C_FindObjectsFinal(handle);
  const [first, second] = found;
  if (second)
    throw kmsErrors.misconfigured({
      message: `The token holds more than one AES key labelled "${label}". Give each key a label of its own.`,
    });
  if (!first) return null;
  const [attribute] = module.C_GetAttributeValue(handle, first, [{ type: api.CKA_ID }]);
  return { handle: first, id: Buffer.from((attribute?.value as Buffer | undefined) ?? []) };
}

/** The return value of a failed PKCS#11 call, `0` for any other error. */
export function pkcs11Code(error: unknown): number {
  const code = error instanceof Error && error.name === 'Pkcs11Error' && 'code' in error ? error.code : 0;
  return typeof code === 'number' ? code : 0;
}

/** `CKR_…`, or the class of the error. Never its text, which is the vendor's. */
export function nameOf(error: unknown): string {
  if (pkcs11Code(error) !== 0) return (error as Error).message;
  return failureName(error);
}

function speaksOfTheToken(error: unknown): boolean {
  return error instanceof AppError ? error.code !== 'kms/refused' : pkcs11Code(error) !== 0;
}

function labelOf(token: pkcs11.TokenInfo): string {
  // Labels fill 32 bytes with blanks by the standard, and with NULs by some tools.
  return token.label.replace(/[\0 ]+$/, '');
}

interface Library {
  readonly api: typeof pkcs11;
  readonly module: pkcs11.PKCS11;
  readonly initialisedHere: boolean;
  users: number;
}

/** A library is initialised once per process, however many services use it; the last to leave finalises it, if it was we who initialised it. */
const libraries = new Map<string, Library>();

async function acquireLibrary(path: string): Promise<Library> {
  const api = await loadBinding();
  const known = libraries.get(path);
  if (known) {
    known.users += 1;
    return known;
  }
  const module = new api.PKCS11();
  let initialisedHere = true;
  try {
    module.load(path);
    module.C_Initialize({ flags: api.CKF_OS_LOCKING_OK });
  } catch (error) {
    if (pkcs11Code(error) !== CKR.CRYPTOKI_ALREADY_INITIALIZED) {
      throw kmsErrors.misconfigured({
        message: `The PKCS#11 library ${path} cannot be loaded (${nameOf(error)}). Check LETHE_PKCS11_LIBRARY.`,
        cause: kmsCause(nameOf(error)),
      });
    }
    initialisedHere = false;
  }
  const library = { api, module, initialisedHere, users: 1 };
  libraries.set(path, library);
  return library;
}

function releaseLibrary(path: string): void {
  const library = libraries.get(path);
  if (!library) return;
  library.users -= 1;
  if (library.users > 0) return;
  libraries.delete(path);
  try {
    if (library.initialisedHere) library.module.C_Finalize();
    library.module.close();
  } catch {
    // A library in trouble may fail to end; it is forgotten all the same.
  }
}

async function loadBinding(): Promise<typeof pkcs11> {
  try {
    const binding = (await import('pkcs11js')) as typeof pkcs11 & { default?: typeof pkcs11 };
    return binding.default ?? binding;
  } catch (error) {
    throw kmsErrors.misconfigured({
      message:
        'LETHE_KMS=pkcs11 needs the optional package pkcs11js, which is not installed or was not compiled. Install a C++ compiler, then run: npm install pkcs11js',
      cause: kmsCause(failureName(error)),
    });
  }
}
