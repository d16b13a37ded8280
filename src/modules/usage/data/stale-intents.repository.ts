import { Injectable } from '@nestjs/common';
import { Clock } from '../../../kernel/clock.js';
import { Settings } from '../../../platform/config/settings.js';
import { SystemPool } from '../../../platform/database/system-pool.js';
import type { IntentRow } from '../core/call-rows.js';

/**
 * Intents that nobody will settle any more. A gateway is gone when the database has not heard from it for the instance timeout, by the
 * database's own clock; right after a restart of the database nobody is, because nobody could be heard. A call that is older than any call
 * may be counts too, whoever holds it.
 */
@Injectable()
export class StaleIntentsRepository {
  constructor(
    private readonly pool: SystemPool,
    private readonly settings: Settings,
    private readonly clock: Clock,
  ) {}

  async find(limit: number): Promise<IntentRow[]> {
    const oldest = new Date(this.clock.nowMs() - 2 * this.settings.callTotalMs - this.settings.instanceTimeoutSeconds * 1000);
    // Money leaves Postgres as text: as a JSON number it would be read as a float.
    const { rows } = await this.pool.query<{ intent: IntentRow }>(
      `SELECT to_jsonb(i) || jsonb_build_object('hold', i.hold::text) AS intent FROM call_intent i
       WHERE (pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => $1)
              AND NOT EXISTS (SELECT FROM gateway_instance g
                WHERE g.id = i.instance_id AND g.seen_at > clock_timestamp() - make_interval(secs => $1)))
          OR i.started_at < $2
       LIMIT $3`,
      [this.settings.instanceTimeoutSeconds, oldest, limit],
    );
    return rows.map((row) => row.intent);
  }
}
