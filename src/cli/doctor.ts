import { Command, CommandRunner, Option } from 'nest-commander';
import type { OpenDatabase } from '../app/database.js';
import type { Settings } from '../platform/config/settings.js';
import { examineAuditLog } from './doctor/examine-audit-log.js';
import { examineBackups } from './doctor/examine-backups.js';
import { examineBlobStore } from './doctor/examine-blob-store.js';
import { examineConfiguration, type RootKeyState } from './doctor/examine-configuration.js';
import { examineDatabase } from './doctor/examine-database.js';
import { examineMail } from './doctor/examine-mail.js';
import { awaitsRootKey, examineDataFolder, examineJournal, examineKeyManagement, examinePort } from './doctor/examine-machine.js';
import { examineRedis } from './doctor/examine-redis.js';
import { examineAdminDoor, examineStaff } from './doctor/examine-staff.js';
import { error, examine, type Finding, ok } from './doctor/finding.js';
import { EXIT } from './exit-codes.js';
import { Installation, openApplication } from './installation.js';
import { Terminal } from './terminal.js';
import { sentenceOf } from './sentence.js';

@Command({
  name: 'doctor',
  description: 'Say what is misconfigured, and what to do about it. Leaves everything as it was; ends with 1 when something is broken.',
})
export class DoctorCommand extends CommandRunner {
  constructor(
    private readonly installation: Installation,
    private readonly terminal: Terminal,
  ) {
    super();
  }

  override async run(_parameters: string[], options: { json?: boolean }): Promise<void> {
    const findings = await this.examineAll();
    const errors = findings.filter(({ level }) => level === 'error').length;
    const warnings = findings.filter(({ level }) => level === 'warn').length;
    this.terminal.result(options.json, { errors, warnings, findings }, () =>
      [...findings.map(rendered), `${count(errors, 'error')}, ${count(warnings, 'warning')}`].join('\n'),
    );
    if (errors > 0) process.exitCode = EXIT.failure;
  }

  @Option({ flags: '--json', description: 'print the findings as JSON' })
  json(): boolean {
    return true;
  }

  private async examineAll(): Promise<Finding[]> {
    const node = ok('node', `Node ${process.versions.node} runs Lethe.`);
    let settings: Settings;
    try {
      settings = this.installation.settings();
    } catch (failure) {
      return [node, error('settings', sentenceOf(failure), 'docs/configuration.md lists every setting.')];
    }
    const keyManagement = await examine('root key', () => examineKeyManagement(settings));
    return [
      node,
      ok('settings', `They are valid, for ${settings.environment}.`),
      ...(await examine('data folder', () => examineDataFolder(settings))),
      ...keyManagement,
      ...(await examine('journal', () => examineJournal(settings))),
      ...(await examine('port', () => examinePort(settings))),
      ...(await examine('blob store', () => examineBlobStore(settings))),
      ...(await examine('redis', () => examineRedis(settings))),
      ...(await examine('operators', () => examineAdminDoor(settings))),
      ...(await examine('mail', () => examineMail(settings))),
      ...(await examine('database', () => examineStore(settings, keyManagement))),
    ];
  }
}

/** The database and what is in it. */
async function examineStore(settings: Settings, keyManagement: readonly Finding[]): Promise<readonly Finding[]> {
  const { findings, database } = await examineDatabase(settings);
  if (!database) return findings;
  const rootKey = awaitsRootKey(settings) ? 'absent' : keyManagement.some(({ level }) => level === 'error') ? 'fails' : 'works';
  try {
    return [...findings, ...(await examine('configuration', () => examineApplication(settings, database, rootKey)))];
  } finally {
    await database.close();
  }
}

async function examineApplication(settings: Settings, database: OpenDatabase, rootKey: RootKeyState): Promise<readonly Finding[]> {
  const application = await openApplication(settings, database);
  try {
    return [
      ...(await examineConfiguration(application, rootKey)),
      ...(await examine('audit log', () => examineAuditLog(application, settings))),
      ...(await examine('backups', () => examineBackups(application, settings, rootKey))),
      ...(await examine('staff', () => examineStaff(application, settings))),
    ];
  } finally {
    await application.close();
  }
}

function rendered({ level, subject, message, action }: Finding): string {
  const line = `${level.padEnd(6)} ${subject}: ${message}`;
  return action === undefined ? line : `${line}\n       → ${action}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
