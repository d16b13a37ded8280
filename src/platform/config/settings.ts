import { IntersectionType } from '@nestjs/swagger';
import { AbuseSettings } from './abuse-settings.js';
import { AccountSettings } from './account-settings.js';
import { AuditSettings } from './audit-settings.js';
import { BackupSettings } from './backup-settings.js';
import { BlobSettings } from './blob-settings.js';
import { CallSettings } from './call-settings.js';
import { ContentSettings } from './content-settings.js';
import { KeySettings } from './key-settings.js';
import { MailSettings } from './mail-settings.js';
import { ProcessSettings } from './process-settings.js';
import { RetentionSettings } from './retention-settings.js';
import { StaffSettings } from './staff-settings.js';
import { StoreSettings } from './store-settings.js';
import { TelemetrySettings } from './telemetry-settings.js';
import { UsageSettings } from './usage-settings.js';

/**
 * Everything an operator may set, read once at start from the environment. Validated as a whole:
 * a setting that is wrong stops the start-up with its name and what would be right.
 */
export class Settings extends IntersectionType(
  ProcessSettings,
  StoreSettings,
  KeySettings,
  AccountSettings,
  StaffSettings,
  AbuseSettings,
  CallSettings,
  MailSettings,
  RetentionSettings,
  ContentSettings,
  BlobSettings,
  BackupSettings,
  AuditSettings,
  TelemetrySettings,
  UsageSettings,
) {}
