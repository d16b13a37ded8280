import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { errorCode } from '../../../../kernel/errors.js';
import { Settings } from '../../../../platform/config/settings.js';
import { replaceWholeFile } from '../../../../platform/files/whole-file.js';
import { auditErrors } from '../../audit.errors.js';
import { checkpointText, readTreeHead, type TreeHead } from './checkpoint.js';
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

  /** Undefined when this key has signed nothing here. Raises `audit/memory_damaged`: what cannot be read is not the same as nothing. */
  async last(signer: NoteSigner): Promise<TreeHead | undefined> {
    const note = await readIfThere(this.path(signer));
    if (note === undefined) return undefined;
    const head = readTreeHead(signer.name, note);
    // Signing the same text twice gives the same bytes, so that the note shows by itself whether it is whole.
    if (head === undefined || signer.sign(checkpointText(signer.name, head)) !== note) throw auditErrors.memory_damaged();
    return head;
  }

  /** Durable before it returns. */
  async keep(signer: NoteSigner, note: string): Promise<void> {
    await replaceWholeFile(this.path(signer), note);
  }

  private path(signer: NoteSigner): string {
    return join(this.folder, `${signer.keyId}.checkpoint`);
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
