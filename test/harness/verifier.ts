// The verifier that outsiders run, as it ships: its functions for tests that ask it thousands of times, and the program itself.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const VERIFIER = fileURLToPath(new URL('../../verify/lethe-verify.mjs', import.meta.url));

interface VerifierKey {
  readonly name: string;
}

interface Verifier {
  rootFromInclusion(index: number, size: number, leaf: Buffer, path: readonly Buffer[]): Buffer | undefined;
  isConsistent(older: number, size: number, olderRoot: Buffer, root: Buffer, path: readonly Buffer[]): boolean;
  canonicalJson(value: unknown): string;
  readKey(text: string): VerifierKey | undefined;
  readCheckpoint(note: string, keys: readonly VerifierKey[], how: { alone: boolean; what: string }): { size: number; root: Buffer };
  /** Throws with the sentence that says what does not hold. */
  verifyBundle(bytes: Uint8Array, keys: readonly VerifierKey[], older?: string): { head: { size: number } };
}

export const verifier = (await import(VERIFIER)) as Verifier;

export function keyOf(text: string): VerifierKey {
  const key = verifier.readKey(text);
  if (!key) throw new Error('not a verification key');
  return key;
}

/** What does not hold about a bundle; null when all of it does. */
export function refusalOf(bytes: Uint8Array | string, verifierKey: string, older?: string): string | null {
  try {
    verifier.verifyBundle(Buffer.from(bytes as string), [keyOf(verifierKey)], older);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Runs the program with this Node, from any folder. */
export function runVerifier(cwd: string, ...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [VERIFIER, ...args], { cwd, env: {} }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}
