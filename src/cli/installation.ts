import { env } from 'node:process';
import { type INestApplicationContext, Injectable } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { openDatabase, type OpenDatabase, startErrors } from '../app/database.js';
import { openPolicy } from '../app/policy.js';
import { SystemClock } from '../kernel/clock.js';
import type { AuditActor } from '../modules/audit/audit.contract.js';
import { loadSettings } from '../platform/config/load-settings.js';
import type { Settings } from '../platform/config/settings.js';
import { hasPendingMigrations } from '../platform/database/migrations.js';
import { Log } from '../platform/telemetry/logger.js';

/** Who the audit log names when an operator works at the command line. */
export const CLI_ACTOR: AuditActor = { kind: 'system', id: 'cli' };

/** The installation the environment describes. */
@Injectable()
export class Installation {
  private known?: Settings;

  /** Raises `config/invalid_setting`. */
  settings(): Settings {
    this.known ??= loadSettings(env);
    return this.known;
  }

  /** Its database: the embedded server of a running Lethe, one for as long as `work` takes, or `DATABASE_URL`. */
  async withDatabase<T>(work: (database: OpenDatabase) => Promise<T>): Promise<T> {
    const database = await openDatabase(this.settings(), 'borrow');
    try {
      return await work(database);
    } finally {
      await database.close();
    }
  }

  /**
   * Its use-cases, on a schema of this version and under the policy profile in force, unless the work is about putting another in its place. Nothing
   * listens and no job runs. Raises `start/migrations_pending` and `retention/profile_changed`.
   */
  async withApplication<T>(work: (application: INestApplicationContext) => Promise<T>, policy: 'agreed' | 'new' = 'agreed'): Promise<T> {
    return this.withDatabase(async (database) => {
      if (await hasPendingMigrations(database.ownerUrl)) throw startErrors.migrations_pending();
      const application = await openApplication(this.settings(), database);
      try {
        const { PutProfileInForce } = await import('../modules/retention/core/profile/put-profile-in-force.js');
        if (policy === 'agreed') await application.get(PutProfileInForce).require();
        return await work(application);
      } finally {
        await application.close();
      }
    });
  }
}

/** The application without a port, a gateway or a worker. The caller closes it. Loaded when it is needed: most of the start goes into it. */
export async function openApplication(settings: Settings, database: OpenDatabase): Promise<INestApplicationContext> {
  const { AppModule } = await import('../app/app.module.js');
  const runtime = {
    settings: Object.assign(Object.create(settings) as Settings, { roles: ['api'] as Settings['roles'] }),
    log: Log.open({ level: 'silent' }),
    clock: new SystemClock(),
    profile: openPolicy(settings),
    database,
  };
  return NestFactory.createApplicationContext(AppModule.forRoot(runtime), { logger: false, abortOnError: false });
}
