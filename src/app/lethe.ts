import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Clock, SystemClock } from '../kernel/clock.js';
import { errorCode } from '../kernel/errors.js';
import type { Settings } from '../platform/config/settings.js';
import { ChangeFeed } from '../platform/database/change-feed.js';
import { acquireDirectoryLock, type ProcessLock } from '../platform/database/embedded-directory-lock.js';
import { makeDirectory } from '../platform/database/embedded-layout.js';
import { configureControlPlane } from '../platform/http/control-plane.js';
import { Log } from '../platform/telemetry/logger.js';
import { NestLog } from '../platform/telemetry/nest-logger.js';
import { AdminDoor } from '../modules/auth/http/staff/admin-door.js';
import { RestoredDatabase } from '../modules/backups/backups.contract.js';
import { Gateway } from '../modules/gateway/gateway.contract.js';
import { PutProfileInForce } from '../modules/retention/core/profile/put-profile-in-force.js';
import { PartitionMaintenance } from '../modules/retention/retention.contract.js';
import { AdminListener } from './admin-listener.js';
import { AppModule } from './app.module.js';
import { migrate, openDatabase, type OpenDatabase, startErrors } from './database.js';
import { HttpServer } from './http-server.js';
import { openPolicy } from './policy.js';
import { serveOpenApi } from './openapi.js';
import { plainHttpRefusal } from './plain-http.js';
import { Readiness } from './readiness.js';
import { serveRolesOnly } from './role-gate.js';

export interface LetheOptions {
  readonly clock?: Clock;
  readonly log?: Log;
  /** Runs when everything but the port is open, such as the first-run bootstrap. What it returns is closed after the gateway. */
  readonly beforeServing?: (parts: Providers) => Promise<Closable | null>;
}

/** Looks a provider of the application up by its token. */
export interface Providers {
  get<T>(token: abstract new (...dependencies: never[]) => T): T;
}

export interface Closable {
  close(): Promise<void>;
}

/** How long a stop waits for the framework to close connections that are idle or stuck. */
const CLOSE_MS = 5_000;

/**
 * One running process of Lethe. Starting takes stores first and the port last, so that whoever reaches it finds it ready; stopping
 * goes the other way round, and settles every call before the database goes.
 */
export class Lethe {
  private stopped: Promise<void> | null = null;

  private constructor(
    readonly settings: Settings,
    private readonly app: NestFastifyApplication,
    private readonly parts: {
      readonly database: OpenDatabase;
      readonly beside: Closable | null;
      readonly admin: AdminListener | null;
      readonly lock: ProcessLock;
    },
  ) {}

  /** Raises an `AppError` with one sentence for the operator when something is wrong; then nothing is left running. */
  static async start(settings: Settings, options: LetheOptions = {}): Promise<Lethe> {
    const log = options.log ?? Log.open({ level: settings.logLevel as Parameters<typeof Log.open>[0]['level'] });
    const profile = openPolicy(settings);
    makeDirectory(settings.dataDirectory);
    const undo: (() => Promise<void> | void)[] = [];
    try {
      const lock = settings.databaseUrl === undefined ? acquireDirectoryLock(settings.dataDirectory) : NO_LOCK;
      undo.push(() => lock.release());
      const database = await openDatabase(settings);
      undo.push(() => database.close());
      await migrate(settings, database);
      const clock = options.clock ?? new SystemClock();
      const server = new HttpServer(plainHttpRefusal(settings));
      const runtime = { settings, log, clock, profile, database };
      const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(runtime), server.adapter, {
        logger: new NestLog(log),
        abortOnError: false,
      });
      undo.push(() => app.close());
      await configureControlPlane(app, { development: settings.environment === 'development', corsOrigins: settings.corsOrigins });
      serveRolesOnly(app.getHttpAdapter().getInstance(), settings.roles);
      app.get(AdminDoor).attach(app.getHttpAdapter().getInstance());
      serveOpenApi(app);
      // Before any job runs: what was erased since the backup is not to be met by anything.
      await app.get(RestoredDatabase).putRight();
      // And no job files anything by a profile that nobody has agreed to.
      await app.get(PutProfileInForce).require();
      await app.init();
      // Windows are read before partitions are made for them.
      await app.get(ChangeFeed).start();
      await app.get(PartitionMaintenance).run();
      const beside = (await options.beforeServing?.(app)) ?? null;
      if (beside) undo.push(() => beside.close());
      await startGateway(app, settings, server);
      await listen(app, settings);
      const admin = await AdminListener.open(settings, server);
      if (admin) undo.push(() => admin.close());
      app.get(Readiness).ready();
      return new Lethe(settings, app, { database, beside, admin, lock });
    } catch (error) {
      for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => undefined);
      throw error;
    }
  }

  /** Where it listens, such as `http://127.0.0.1:8080`. */
  get url(): string {
    const { port } = this.app.getHttpServer().address() as AddressInfo;
    const host = this.settings.host.includes(':') ? `[${this.settings.host}]` : this.settings.host;
    return `http://${host}:${port}`;
  }

  /** Where operators are served when they have a listener to themselves; null when they have none. */
  get adminUrl(): string | null {
    return this.parts.admin?.url ?? null;
  }

  /** A provider of the application. */
  get<T>(token: abstract new (...dependencies: never[]) => T): T {
    return this.app.get<T>(token);
  }

  /** Stops taking work, drains calls in flight, settles them, and lets go of every store. Safe to call twice. */
  stop(): Promise<void> {
    this.stopped ??= this.stopNow();
    return this.stopped;
  }

  private async stopNow(): Promise<void> {
    const { database, beside, admin, lock } = this.parts;
    const server = this.app.getHttpServer() as Server;
    this.app.get(Readiness).stopping();
    server.close();
    server.closeIdleConnections();
    admin?.stopListening();
    if (this.settings.roles.includes('gateway')) await this.app.get(Gateway).stop(this.settings.shutdownSeconds * 1000);
    // Before the framework, which takes the database away from whatever is not its own listener's.
    await admin?.close(CLOSE_MS);
    const cut = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
    server.closeIdleConnections();
    await this.app.close();
    clearTimeout(cut);
    await beside?.close();
    await database.close();
    lock.release();
  }
}

const NO_LOCK: ProcessLock = { release: () => undefined };

async function startGateway(app: NestFastifyApplication, settings: Settings, server: HttpServer): Promise<void> {
  if (!settings.roles.includes('gateway')) return;
  const gateway = app.get(Gateway);
  await gateway.start();
  server.claimWith((request, response) => gateway.claim(request, response));
}

async function listen(app: NestFastifyApplication, settings: Settings): Promise<void> {
  try {
    await app.listen(settings.port, settings.host);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EADDRINUSE') {
      throw startErrors.port_taken({
        message: `Port ${settings.port} on ${settings.host} is taken. Stop what listens there, or set LETHE_PORT to another.`,
        cause: error,
      });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'EACCES' || code === 'ENOTFOUND') throw startErrors.address_not_usable({ cause: error });
    throw error;
  }
}
