-- Usage by hour and day, made from the ledger by a worker; nothing is added to the path of a call. An hour is made again from its records
-- whenever late ones arrive, so a sum is never adjusted and cannot be adjusted twice (U1).

-- Durations are counted in buckets of a logarithmic scale, 64 to each doubling: the first 18 bits of a double are its exponent and the
-- top six bits of its fraction. What is read back is at most 1/128 off. 0 is bucket 0, 1 ms is bucket 1, the longest integer bucket 1985.
CREATE FUNCTION duration_bucket(ms integer) RETURNS integer
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
    SELECT CASE WHEN ms < 1 THEN 0
      ELSE ((get_byte(float8send(ms::float8), 0) << 16) + (get_byte(float8send(ms::float8), 1) << 8) + get_byte(float8send(ms::float8), 2)) / 64 - 65471
    END
  $$;

-- One entry of a sketch: the bucket in two bytes and the count in four, big-endian. A sketch is the version byte 01 and its entries.
CREATE FUNCTION duration_entry(bucket integer, count bigint) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$ SELECT int2send(bucket::smallint) || int4send(count::integer) $$;

-- The sketch of these durations, milliseconds; null where there is none. Equal ones are counted first: there are few of them.
CREATE FUNCTION count_durations(durations integer[]) RETURNS bytea
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS $$
    SELECT '\x01'::bytea || string_agg(duration_entry(bucket, count), ''::bytea ORDER BY bucket)
    FROM (
      SELECT duration_bucket(ms) AS bucket, sum(times)::bigint AS count
      FROM (SELECT ms, count(*) AS times FROM unnest(durations) AS ms WHERE ms IS NOT NULL GROUP BY ms) equal
      GROUP BY 1
    ) counted
  $$;

-- A sketch of entries put end to end, those of one bucket added up: sketches merge without losing anything.
CREATE FUNCTION merge_durations(entries bytea) RETURNS bytea
  LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
  AS $$
    SELECT '\x01'::bytea || string_agg(duration_entry(bucket, count), ''::bytea ORDER BY bucket)
    FROM (
      SELECT (get_byte(entries, at) << 8) + get_byte(entries, at + 1) AS bucket,
        sum((get_byte(entries, at + 2)::bigint << 24) + (get_byte(entries, at + 3) << 16) + (get_byte(entries, at + 4) << 8)
          + get_byte(entries, at + 5))::bigint AS count
      FROM generate_series(0, length(entries) - 6, 6) AS at
      GROUP BY 1
    ) merged
  $$;

CREATE TYPE usage_grain AS ENUM ('hour', 'day');

-- What was used in one hour or day by one key on one model, with one outcome. No id of a call and nothing a client wrote but the model's name.
CREATE TABLE usage_rollup (
  organisation_id uuid NOT NULL,
  expires_on date NOT NULL,
  grain usage_grain NOT NULL,
  bucket_start timestamptz NOT NULL,
  -- Numbers the combinations of what follows within a bucket: two of them may be null, which a key cannot be.
  cell integer NOT NULL,
  project_id uuid NOT NULL,
  key_id uuid NOT NULL,
  -- Null: no attempt was made.
  provider text,
  -- As the client named it. Null: one of those beyond the most used of the bucket.
  model text,
  operation text NOT NULL,
  outcome call_outcome NOT NULL,
  error_code text,
  calls bigint NOT NULL,
  input_tokens bigint NOT NULL,
  cached_input_tokens bigint NOT NULL,
  cache_write_tokens bigint NOT NULL,
  output_tokens bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  -- Of the calls whose cost is known; the others are counted beside it, never as zero.
  cost numeric(30, 12) NOT NULL,
  unknown_cost_calls bigint NOT NULL,
  unknown_usage_calls bigint NOT NULL,
  -- Sketches; null where no call has the figure.
  latency bytea,
  first_token bytea,
  -- The day the first record behind it expires. Afterwards it is never made again: what is left of its records would be too little.
  source_expires_on date NOT NULL,
  PRIMARY KEY (organisation_id, grain, bucket_start, cell, expires_on)
) PARTITION BY RANGE (expires_on);

-- Up to where calls are rolled up. One row.
CREATE TABLE usage_rollup_progress (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  hours_until timestamptz NOT NULL,
  days_until timestamptz NOT NULL
);
INSERT INTO usage_rollup_progress (hours_until, days_until) VALUES ('epoch', 'epoch');

-- Hours that got records after they had ended, by way of a journal or in place of what the reaper wrote. Written with the records
-- themselves; no key, so that two commits never wait for each other.
CREATE TABLE usage_late_hour (
  organisation_id uuid NOT NULL,
  hour timestamptz NOT NULL,
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Statistics over organisations, as they were released for a day, once: groups too small or led by one organisation are not in it. A null
-- provider and model: all of them. A null figure: withheld.
CREATE TABLE usage_statistic (
  day date NOT NULL,
  expires_on date NOT NULL,
  cell integer NOT NULL,
  provider text,
  model text,
  calls bigint,
  failed_calls bigint,
  input_tokens bigint,
  output_tokens bigint,
  -- Milliseconds: {"p50", "p90", "p95", "p99"}; null where withheld, and in sums.
  latency jsonb,
  first_token jsonb,
  PRIMARY KEY (day, cell, expires_on)
) PARTITION BY RANGE (expires_on);

CALL protect_tenant_table('usage_rollup', 'organisation_id');
CALL protect_system_table('usage_rollup_progress');
CALL protect_system_table('usage_late_hour');
CALL protect_system_table('usage_statistic');
GRANT SELECT ON usage_rollup TO lethe_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_rollup TO lethe_system;
GRANT SELECT, UPDATE ON usage_rollup_progress TO lethe_system;
GRANT SELECT, INSERT, DELETE ON usage_late_hour TO lethe_system;
GRANT SELECT, INSERT ON usage_statistic TO lethe_system;

-- As before, and it notes which hours its late records belong to. Plain batches (src/modules/usage/core/plain-commit.ts) do not come here:
-- each of their calls was an intent until now, and no hour is rolled up while one of its intents is there.
CREATE OR REPLACE FUNCTION settle_calls(settlements json) RETURNS void
  LANGUAGE plpgsql
  AS $$
DECLARE
  freed jsonb;
  written jsonb;
BEGIN
  WITH gone AS (
    DELETE FROM call_intent i USING json_populate_recordset(NULL::call_record, settlements) s
    WHERE i.id = s.id
    RETURNING i.id, i.hold, i.budgets
  )
  SELECT jsonb_agg(jsonb_build_object('id', id, 'hold', hold, 'budgets', budgets)) INTO freed FROM gone;

  IF coalesce(jsonb_array_length(freed), 0) < json_array_length(settlements) THEN
    DELETE FROM call_record r USING json_populate_recordset(NULL::call_record, settlements) s
    WHERE r.organisation_id = s.organisation_id AND r.id = s.id AND r.expires_on = s.expires_on AND r.outcome = 'interrupted' AND s.outcome <> 'interrupted';
  END IF;

  -- An hour is rolled up a quarter of an hour after its end at the earliest: what began within ten minutes is in time.
  INSERT INTO usage_late_hour (organisation_id, hour)
  SELECT DISTINCT organisation_id, date_trunc('hour', started_at, 'UTC')
  FROM json_populate_recordset(NULL::call_record, settlements)
  WHERE started_at < clock_timestamp() - interval '10 minutes';

  WITH inserted AS (
    INSERT INTO call_record SELECT * FROM json_populate_recordset(NULL::call_record, settlements)
    ON CONFLICT DO NOTHING
    RETURNING cost, budgets
  )
  SELECT jsonb_agg(jsonb_build_object('cost', cost, 'budgets', budgets)) INTO written FROM inserted WHERE json_array_length(budgets) > 0;

  IF freed IS NULL AND written IS NULL THEN
    RETURN;
  END IF;
  UPDATE budget_period p SET held = p.held - d.released, spent = p.spent + d.booked, version = p.version + 1
  FROM (
    SELECT id, start, sum(released) AS released, sum(booked) AS booked
    FROM (
      SELECT b.id, b.start, (r ->> 'hold')::numeric AS released, 0::numeric AS booked
      FROM jsonb_array_elements(coalesce(freed, '[]')) r, jsonb_to_recordset(r -> 'budgets') AS b (id uuid, start date)
      UNION ALL
      SELECT b.id, b.start, 0 AS released, coalesce((w ->> 'cost')::numeric, 0)
      FROM jsonb_array_elements(coalesce(written, '[]')) w, jsonb_to_recordset(w -> 'budgets') AS b (id uuid, start date)
    ) moves
    GROUP BY id, start
  ) d
  WHERE p.budget_id = d.id AND p.period_start = d.start;
END
$$;
