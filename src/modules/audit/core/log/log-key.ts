import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { errorCode } from '../../../../kernel/errors.js';
import { Settings } from '../../../../platform/config/settings.js';
import { createWholeFile } from '../../../../platform/files/whole-file.js';
import { auditErrors } from '../../audit.errors.js';
import { NoteSigner } from './signed-note.js';

/** The name of a development installation's log. */
const DEVELOPMENT_NAME = 'localhost/lethe-audit';
const OTHERS_MAY_READ_OR_WRITE = 0o077;

/**
 * The key that signs checkpoints, which only the worker needs. It lives outside the database: `LETHE_AUDIT_KEY`, or in development a file
 * of mode 0600 in the data folder, made when it is first needed.
 */
@Injectable()
export class LogKey implements OnModuleInit {
  private known: NoteSigner | undefined;

  constructor(private readonly settings: Settings) {}

  /** A production worker does not start without its key: the promise would be broken in silence. */
  async onModuleInit(): Promise<void> {
    if (this.settings.environment === 'production' && this.settings.roles.includes('worker')) await this.signer();
  }

  /** Raises `audit/no_signing_key` or `audit/invalid_signing_key`. */
  async signer(): Promise<NoteSigner> {
    this.known ??= NoteSigner.parse(this.settings.auditKey ?? (await this.developmentKey()));
    if (this.known === undefined) throw auditErrors.invalid_signing_key();
    return this.known;
  }

  private async developmentKey(): Promise<string> {
    if (this.settings.environment === 'production') throw auditErrors.no_signing_key();
    const path = join(this.settings.dataDirectory, 'audit-log.key');
    await createLogKeyFile(path, DEVELOPMENT_NAME);
    if (process.platform !== 'win32' && ((await stat(path)).mode & OTHERS_MAY_READ_OR_WRITE) !== 0) {
      throw auditErrors.invalid_signing_key({ message: `Others may read the audit log's signing key ${path}. Run: chmod 600 ${path}` });
    }
    return readFile(path, 'utf8');
  }
}

/** Makes a key file of mode 0600, whole or not at all. One that is there already stays as it is; answers whether it made one. */
export async function createLogKeyFile(path: string, name: string): Promise<boolean> {
  return !(await isThere(path)) && createWholeFile(path, `${NoteSigner.generate(name)}\n`);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
