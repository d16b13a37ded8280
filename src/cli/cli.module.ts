import { Module } from '@nestjs/common';
import { AuditLogCommand, CreateLogKeyCommand, ExportAuditLogCommand, ShowAuditLogCommand } from './audit-log.js';
import { BackupCommand, ListBackupsCommand } from './backup.js';
import { BootstrapCommand } from './bootstrap.js';
import { CanaryCommand } from './canary.js';
import {
  AddCredentialCommand,
  CredentialsCommand,
  ListCredentialsCommand,
  RewrapCredentialsCommand,
  RotateCredentialCommand,
} from './credentials.js';
import { DoctorCommand } from './doctor.js';
import { DrillCommand } from './drill.js';
import { GenerateCommand } from './generate.js';
import { Installation } from './installation.js';
import { CreateKeyCommand, KeysCommand, ListKeysCommand, RevokeKeyCommand } from './keys.js';
import { MigrateCommand } from './migrate.js';
import { ApplyProfileCommand, ProfileCommand, ShowProfileCommand } from './profile.js';
import { RestoreCommand } from './restore.js';
import { RedactCommand } from './redact.js';
import { RootCommand } from './root-command.js';
import { CreateRootKeyCommand, RootKeyCommand, RotateRootKeyCommand } from './root-key.js';
import {
  AddStaffCommand,
  ChangeStaffCommand,
  InviteStaffCommand,
  ListStaffCommand,
  RevokeStaffTokensCommand,
  StaffCommand,
  StaffTokenCommand,
} from './staff.js';
import { StartCommand } from './start.js';
import { Terminal } from './terminal.js';
import { VerifyCommand } from './verify.js';

/** The command line. The application itself is opened by the commands that need it: `lethe --help` needs no settings and no database. */
@Module({
  providers: [
    Terminal,
    Installation,
    RootCommand,
    StartCommand,
    MigrateCommand,
    BootstrapCommand,
    KeysCommand,
    CreateKeyCommand,
    ListKeysCommand,
    RevokeKeyCommand,
    StaffCommand,
    ListStaffCommand,
    AddStaffCommand,
    ChangeStaffCommand,
    InviteStaffCommand,
    StaffTokenCommand,
    RevokeStaffTokensCommand,
    CredentialsCommand,
    AddCredentialCommand,
    ListCredentialsCommand,
    RotateCredentialCommand,
    RewrapCredentialsCommand,
    RedactCommand,
    ProfileCommand,
    ShowProfileCommand,
    ApplyProfileCommand,
    RootKeyCommand,
    CreateRootKeyCommand,
    RotateRootKeyCommand,
    AuditLogCommand,
    CreateLogKeyCommand,
    ShowAuditLogCommand,
    ExportAuditLogCommand,
    VerifyCommand,
    CanaryCommand,
    BackupCommand,
    ListBackupsCommand,
    RestoreCommand,
    DrillCommand,
    DoctorCommand,
    GenerateCommand,
  ],
})
export class CliModule {}
