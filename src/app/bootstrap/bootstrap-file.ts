import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../platform/config/settings.js';

/** What the first run in development leaves in the data folder, for the demo, the bench and forgetful people. Mode 0600. */
export interface BootstrapRecord {
  readonly url: string;
  readonly operatorToken: string;
  readonly apiKey: string;
  readonly organisationId: string;
  readonly projectId: string;
  /** A model that has a route. */
  readonly model: string;
}

export function bootstrapPath(settings: Settings): string {
  return join(settings.dataDirectory, 'bootstrap.json');
}

/** Replaces the file as a whole: whoever reads it reads all of it. */
export function writeBootstrapRecord(settings: Settings, record: BootstrapRecord): void {
  const path = bootstrapPath(settings);
  const draft = `${path}.${process.pid}.tmp`;
  mkdirSync(settings.dataDirectory, { recursive: true, mode: 0o700 });
  rmSync(draft, { force: true });
  writeFileSync(draft, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}

/** Left in the folder while a bootstrap is under way: secrets it had made when it was cut short were never seen by anybody. */
export class BootstrapMark {
  private readonly path: string;

  constructor(settings: Settings) {
    this.path = join(settings.dataDirectory, 'bootstrap.unfinished');
  }

  get isSet(): boolean {
    return existsSync(this.path);
  }

  set(): void {
    writeFileSync(this.path, '', { mode: 0o600 });
  }

  remove(): void {
    rmSync(this.path, { force: true });
  }
}
