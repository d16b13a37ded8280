import 'reflect-metadata';
import { Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ErasureLedger } from '../../src/contracts/erasure-ledger.js';
import type { Clock } from '../../src/kernel/clock.js';
import { type ApiKeyId, newId, type OrganisationId, type ProjectId } from '../../src/kernel/ids.js';
import { AuditModule } from '../../src/modules/audit/audit.module.js';
import { AuthModule } from '../../src/modules/auth/auth.module.js';
import { BackupWindows } from '../../src/modules/backups/core/backup-windows.js';
import { CommittedErasureLedger } from '../../src/modules/backups/core/erasures/committed-erasure-ledger.js';
import { ErasuresRepository } from '../../src/modules/backups/data/erasures.repository.js';
import { HoldsModule } from '../../src/modules/retention/holds.module.js';
import { TenantsModule } from '../../src/modules/tenants/tenants.module.js';
import { UsageModule } from '../../src/modules/usage/usage.module.js';
import { SystemPool } from '../../src/platform/database/system-pool.js';
import type { Permission } from '../../src/platform/http/permissions.js';
import type { Principal } from '../../src/platform/http/principal.js';
import { type Answer, ConfigurationApp } from './configuration.js';

/** Where accounts note erasures, and ask what is held. */
@Global()
@Module({
  imports: [HoldsModule],
  providers: [BackupWindows, ErasuresRepository, { provide: ErasureLedger, useClass: CommittedErasureLedger }],
  exports: [ErasureLedger],
})
export class ErasuresNoted {}

@Global()
@Module({
  providers: [{ provide: SystemPool, useFactory: (source: DataSource) => new SystemPool(urlOf(source), 2), inject: [DataSource] }],
  exports: [SystemPool],
})
class SystemPoolModule implements OnApplicationShutdown {
  constructor(private readonly pool: SystemPool) {}

  onApplicationShutdown(): Promise<void> {
    return this.pool.end();
  }
}

function urlOf(source: DataSource): string {
  if (source.options.type !== 'postgres' || typeof source.options.url !== 'string') throw new Error('the harness connects by URL');
  return source.options.url;
}

let lastIdMs = 0;

/** An id later than all before it: ids made in one millisecond have no order among themselves. */
function laterId(): string {
  while (Date.now() <= lastIdMs);
  lastIdMs = Date.now();
  return newId();
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** What a test says about a call; the rest is filled in. Names are columns of `call_record`. */
export type CallColumns = Readonly<Record<string, unknown>>;

/** The usage module with its neighbours on a database of its own, called over HTTP as whoever the test says. */
export class UsageApp {
  private constructor(readonly inner: ConfigurationApp) {}

  static async start(options: { readonly clock?: Clock } = {}): Promise<UsageApp> {
    const modules = [SystemPoolModule, ErasuresNoted, AuditModule, TenantsModule, AuthModule, UsageModule];
    return new UsageApp(await ConfigurationApp.start(modules, options));
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

  async key(organisationId: OrganisationId, projectId: ProjectId, revoked = false): Promise<ApiKeyId> {
    const id = newId<ApiKeyId>();
    await this.inner.owner.query(
      `INSERT INTO api_key VALUES ($1, $2, $3, 'k', sha256($5::bytea), 'hint', '{}', '{}', now(), null, $4, null)`,
      [id, organisationId, projectId, revoked ? new Date() : null, Buffer.from(id)],
    );
    return id;
  }

  serviceKey(organisationId: OrganisationId, projectId: ProjectId, ...permissions: Permission[]): Principal {
    return { kind: 'service_key', id: newId<ApiKeyId>(), organisationId, projectId, permissions: new Set(permissions) };
  }

  /** Puts a row into the ledger, in the partition of its day. */
  async record(columns: CallColumns): Promise<string> {
    const row = {
      id: laterId(),
      expires_on: '2099-01-01',
      key_id: newId(),
      started_at: new Date(),
      operation: 'chat',
      requested_model: 'gpt-4o',
      stream: false,
      outcome: 'succeeded',
      usage_source: 'reported',
      currency: 'USD',
      attempts: '[]',
      hold: '0',
      budgets: '[]',
      ...columns,
    };
    await this.inner.owner.query(`SELECT create_expiry_partition('call_record', $1)`, [row.expires_on]);
    await this.insert('call_record', row);
    return String(row.id);
  }

  /** Puts a call in flight. */
  async intent(columns: CallColumns): Promise<string> {
    const row = {
      id: laterId(),
      expires_on: '2099-01-01',
      key_id: newId(),
      instance_id: newId(),
      started_at: new Date(),
      operation: 'chat',
      requested_model: 'gpt-4o',
      stream: true,
      hold: '0.5',
      budgets: '[]',
      ...columns,
    };
    await this.insert('call_intent', row);
    return String(row.id);
  }

  async auditActions(organisationId: OrganisationId): Promise<string[]> {
    const sql = 'SELECT action FROM audit_event WHERE organisation_id = $1 ORDER BY id';
    const { rows } = await this.inner.owner.query<{ action: string }>(sql, [organisationId]);
    return rows.map((row) => row.action);
  }

  stop(): Promise<void> {
    return this.inner.stop();
  }

  private async insert(table: string, row: CallColumns): Promise<void> {
    const names = Object.keys(row);
    const places = names.map((_, index) => `$${index + 1}`);
    await this.inner.owner.query(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${places.join(', ')})`, Object.values(row));
  }
}
