import { readFile, stat } from 'node:fs/promises';
import { AppError, failureName } from '../../kernel/errors.js';
import { kmsCause, kmsErrors } from './kms.errors.js';

/** A token given outright, or the file an agent keeps it in. */
export type VaultTokenSource = { readonly token: string } | { readonly tokenFile: string };

/** What may stand in an HTTP header; a token never holds more. */
const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** The token to use now. A file is read again when it changes, so an agent may renew or replace the token at any time. */
export class VaultToken {
  private read: { readonly stamp: string; readonly token: string } | undefined;

  constructor(private readonly source: VaultTokenSource) {}

  async current(): Promise<string> {
    if ('token' in this.source) return usable(this.source.token, 'LETHE_VAULT_TOKEN');
    const path = this.source.tokenFile;
    try {
      const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
      const stamp = `${ino}.${size}.${mtimeNs}.${ctimeNs}`;
      if (this.read?.stamp !== stamp) this.read = { stamp, token: usable((await readFile(path, 'utf8')).trim(), path) };
      return this.read.token;
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw kmsErrors.unavailable({
        message: `The Vault token file ${path} cannot be read (${failureName(error)}).`,
        cause: kmsCause(failureName(error)),
      });
    }
  }
}

function usable(token: string, from: string): string {
  if (TOKEN.test(token)) return token;
  throw kmsErrors.misconfigured({ message: `${from} holds no Vault token.` });
}
