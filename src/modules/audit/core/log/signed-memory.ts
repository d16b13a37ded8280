import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Settings } from '../../../../platform/config/settings.js';
import { type TreeHead, readTreeHead } from './checkpoint.js';
import type { NoteSigner } from './signed-note.js';

/**
 * Remembers outside the database what a key signed last, in the worker's data folder. A database that was set back does not know what
 * has left the house; signing from it would fork the log (peers 30).
 */
@Injectable()
export class SignedMemory {
  private readonly folder: string;

  constructor(settings: Settings) {
    this.folder = join(settings.dataDirectory, 'audit-log');
  }

  /** Undefined when this key has signed nothing here. */
  async last(signer: NoteSigner): Promise<TreeHead | undefined> {
    try {
      return readTreeHead(signer.name, await readFile(this.path(signer), 'utf8'));
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Durable before it returns. */
  async keep(signer: NoteSigner, note: string): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const aside = `${this.path(signer)}.${randomBytes(6).toString('hex')}.tmp`;
    const file = await open(aside, 'wx', 0o600);
    try {
      await file.writeFile(note);
      await file.sync();
      await rename(aside, this.path(signer));
    } finally {
      await file.close();
      await rm(aside, { force: true });
    }
  }

  private path(signer: NoteSigner): string {
    return join(this.folder, `${signer.keyId}.checkpoint`);
  }
}
