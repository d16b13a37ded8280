import 'reflect-metadata';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Global, Module } from '@nestjs/common';
import { Outbox } from '../../src/contracts/outbox.js';
import { RetentionWindows } from '../../src/contracts/retention-windows.js';
import { Clock, utcDayAfter } from '../../src/kernel/clock.js';
import { type AccountId, newId, type OrganisationId, type SessionId } from '../../src/kernel/ids.js';
import { AuditModule } from '../../src/modules/audit/audit.module.js';
import { AuditExpiry } from '../../src/modules/audit/core/audit-expiry.js';
import { NotificationsExpiry } from '../../src/modules/notifications/core/notifications-expiry.js';
import { SendMail } from '../../src/modules/notifications/core/send-mail.js';
import { RetryWebhooks } from '../../src/modules/notifications/core/webhooks/retry-webhooks.js';
import type { MailId } from '../../src/modules/notifications/data/outgoing-mail.entity.js';
import { NotificationsModule } from '../../src/modules/notifications/notifications.module.js';
import { TenantsModule } from '../../src/modules/tenants/tenants.module.js';
import { EVERY_ACCOUNTS, type OrganisationRole, ROLE_PERMISSIONS } from '../../src/platform/http/permissions.js';
import type { AccountPrincipal, Principal } from '../../src/platform/http/principal.js';
import { PostgresOutbox } from '../../src/platform/queue/postgres-outbox.js';
import { type Answer, ConfigurationApp, type ConfigurationOptions } from './configuration.js';
import { receivedBody } from './received-body.js';

@Global()
@Module({
  providers: [{ provide: Outbox, useFactory: (clock: Clock) => new PostgresOutbox(clock), inject: [Clock] }],
  exports: [Outbox],
})
class OutboxModule {}

const DAYS_AHEAD = 8;

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** The notifications module with its neighbours on a database of its own. No worker runs: a test does what one would, when it says. */
export class NotificationsApp {
  private constructor(readonly inner: ConfigurationApp) {}

  static async start(options: ConfigurationOptions = {}): Promise<NotificationsApp> {
    const app = new NotificationsApp(
      await ConfigurationApp.start([OutboxModule, AuditModule, TenantsModule, NotificationsModule], options),
    );
    await app.makePartitions();
    return app;
  }

  /** What the worker's partition job would have made by today's clock, and for a week to come: clocks of tests run ahead. */
  async makePartitions(): Promise<void> {
    const nowMs = this.inner.get(Clock).nowMs();
    const windows = this.inner.get(RetentionWindows);
    const tables = [...this.inner.get(NotificationsExpiry).expiringTables(), ...this.inner.get(AuditExpiry).expiringTables()];
    for (const { table, window } of tables) {
      const ahead = 'dataClass' in window ? windows.inForce(window.dataClass) : [window.longestDays];
      const days = ahead.flatMap((first) => Array.from({ length: DAYS_AHEAD + 3 }, (_, later) => utcDayAfter(nowMs, first + later - 3)));
      await this.inner.owner.query('SELECT create_expiry_partition($1, day::date) FROM unnest($2::text[]) day', [table, days]);
    }
  }

  /** Calls a route as an operator who may do everything, or as `principal`. */
  async request(method: Method, path: string, body?: object, principal: Principal = this.inner.operator): Promise<Answer> {
    const operator = this.inner.operator;
    // The harness reads who is calling as the request comes in, which is before `inject` returns control.
    Object.assign(this.inner, { operator: principal });
    try {
      return await this.inner.request(method, path, body);
    } finally {
      Object.assign(this.inner, { operator });
    }
  }

  /** A person with these roles. */
  person(roles: ReadonlyMap<OrganisationId, OrganisationRole> = new Map()): AccountPrincipal {
    const memberships = [...roles].map(
      ([organisation, role]) => [organisation, { role, permissions: new Set(ROLE_PERMISSIONS[role]) }] as const,
    );
    return {
      kind: 'account',
      id: newId<AccountId>(),
      sessionId: newId<SessionId>(),
      permissions: new Set(EVERY_ACCOUNTS),
      memberships: new Map(memberships),
      provenAtMs: Date.now(),
      secondFactorAtMs: null,
    };
  }

  /** The row that what belongs to an account hangs on. */
  async account(id: AccountId = newId<AccountId>()): Promise<AccountId> {
    await this.inner.owner.query(
      `INSERT INTO account (id, locale, status, created_at, updated_at) VALUES ($1, 'en', 'active', now(), now())`,
      [id],
    );
    return id;
  }

  /** Sends every mail that waits, as a worker would. */
  async sendMails(): Promise<void> {
    const { rows } = await this.inner.owner.query<{ id: MailId }>('SELECT id FROM outgoing_mail ORDER BY id');
    for (const { id } of rows) await this.inner.get(SendMail).run(id, AbortSignal.timeout(10_000));
  }

  /** Makes every attempt that is due; answers how many were. */
  deliver(): Promise<number> {
    return this.inner.get(RetryWebhooks).run(AbortSignal.timeout(20_000));
  }

  async rows<T extends Record<string, unknown>>(sql: string, values: readonly unknown[] = []): Promise<T[]> {
    return (await this.inner.owner.query<T>(sql, [...values])).rows;
  }

  stop(): Promise<void> {
    return this.inner.stop();
  }
}

/** A delivery as the receiver got it. */
export interface ReceivedDelivery {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly path: string;
}

/** A customer's receiver of webhooks: a real HTTP server. */
export class WebhookReceiver {
  readonly received: ReceivedDelivery[] = [];
  /** What the next answers are; 204 when there is none. */
  readonly answers: {
    readonly status: number;
    readonly headers?: Record<string, string>;
    readonly hang?: true;
    readonly beforeAnswering?: () => Promise<unknown>;
  }[] = [];

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer();
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      void (async () => {
        const body = await receivedBody(request);
        if (body === null) return;
        receiver.received.push({ headers: plain(request.headers), body: body.toString('utf8'), path: request.url ?? '' });
        const answer = receiver.answers.shift() ?? { status: 204 };
        await answer.beforeAnswering?.();
        if (answer.hang !== true) response.writeHead(answer.status, answer.headers).end();
      })().catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}

function plain(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}
