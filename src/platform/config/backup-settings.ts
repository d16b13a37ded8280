import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { Setting } from './setting.js';

/** When backups are made and how long the ones of keys live (D4). How long the others do, the policy profile says. */
export class BackupSettings {
  @Setting({
    section: 'Backups',
    env: 'LETHE_BACKUP_EVERY_HOURS',
    kind: 'integer',
    description: 'Hours between two backups; 0 makes none by itself.',
    defaultText: '24 in production, 0 in development',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(168)
  backupEveryHours?: number;

  @Setting({
    section: 'Backups',
    env: 'LETHE_BACKUP_KEY_DAYS',
    kind: 'integer',
    description:
      'Days a backup of content keys is kept. A key that is destroyed is out of every backup this long afterwards; without a younger one, content cannot be read after a restore.',
  })
  @IsInt()
  @Min(1)
  @Max(30)
  backupKeyDays = 7;

  @Setting({
    section: 'Backups',
    env: 'LETHE_BACKUP_DRILL_DAYS',
    kind: 'integer',
    description:
      'Days between two test restores of the newest backup into a database of its own, which is dropped again; 0 makes none by itself.',
  })
  @IsInt()
  @Min(0)
  @Max(90)
  backupDrillDays = 0;

  @Setting({
    section: 'Backups',
    env: 'LETHE_BACKUP_DRILL_ON_SERVER',
    kind: 'boolean',
    description:
      'Whether a test restore may use a scratch database on the server of DATABASE_OWNER_URL where Lethe brings no server of its own, as in the container image. Its rows pass through that server’s write-ahead log.',
  })
  @IsBoolean()
  backupDrillOnServer = false;
}
