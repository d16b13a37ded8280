-- The ledger. A call is first an intent with its hold, then a record: the move is one statement, so a call is in exactly one place
-- at any moment and settles exactly once (U3).

-- A gateway process that is alive keeps `seen_at` fresh. Intents of a process that stopped doing so are the reaper's.
CREATE TABLE gateway_instance (
  id uuid PRIMARY KEY,
  started_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL
);

CREATE TABLE budget (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  scope text NOT NULL CHECK (scope IN ('organisation', 'project', 'key')),
  scope_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('hard', 'soft')),
  period text NOT NULL CHECK (period IN ('daily', 'monthly', 'total')),
  limit_amount numeric(30, 12) NOT NULL CHECK (limit_amount >= 0),
  alert_percents integer[] NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organisation_id, scope, scope_id, kind, period)
);

-- What one budget has spent and holds in one period. Every flush updates it in place, so pages are left mostly empty for HOT updates.
-- No foreign key: a budget deleted while calls are in flight must not fail their settlement.
CREATE TABLE budget_period (
  budget_id uuid NOT NULL,
  -- First day of the period, UTC; 1970-01-01 for a total.
  period_start date NOT NULL,
  organisation_id uuid NOT NULL,
  spent numeric(30, 12) NOT NULL DEFAULT 0,
  held numeric(30, 12) NOT NULL DEFAULT 0,
  alerted_percent integer NOT NULL DEFAULT 0,
  -- Counts the changes, so that a gateway told of two of them knows which is the later one.
  version bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (budget_id, period_start)
) WITH (fillfactor = 20);

CREATE TABLE rate_limit (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  scope text NOT NULL CHECK (scope IN ('organisation', 'project', 'key')),
  scope_id uuid NOT NULL,
  requests_per_minute integer CHECK (requests_per_minute > 0),
  tokens_per_minute integer CHECK (tokens_per_minute > 0),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organisation_id, scope, scope_id)
);

-- Prices the operator sets over the catalogue, per million tokens and per request. Null: the catalogue's figure for that part.
CREATE TABLE price_override (
  id uuid PRIMARY KEY,
  -- Null: any provider.
  provider text,
  model text NOT NULL,
  input_per_million numeric(20, 6) NOT NULL CHECK (input_per_million >= 0),
  cached_input_per_million numeric(20, 6) CHECK (cached_input_per_million >= 0),
  output_per_million numeric(20, 6) NOT NULL CHECK (output_per_million >= 0),
  per_request numeric(20, 12) NOT NULL CHECK (per_request >= 0),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE NULLS NOT DISTINCT (provider, model)
);

-- Calls in flight. Small and short-lived: thousands of rows a second pass through, so it is vacuumed by count and without pauses.
CREATE TABLE call_intent (
  id uuid PRIMARY KEY,
  expires_on date NOT NULL,
  organisation_id uuid NOT NULL,
  project_id uuid NOT NULL,
  key_id uuid NOT NULL,
  instance_id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  operation text NOT NULL,
  requested_model text NOT NULL,
  stream boolean NOT NULL,
  client_request_id text,
  hold numeric(30, 12) NOT NULL,
  -- [{"id": budget, "start": first day of the period}]: where `hold` is held. json and not jsonb, here and in call_record: it is written far
  -- more often than it is read.
  budgets json NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

-- Types and not checks: a check is read, planned and started anew by every commit of the ledger.
CREATE TYPE call_outcome AS ENUM ('succeeded', 'failed', 'cut', 'disconnected', 'interrupted');
CREATE TYPE call_usage_source AS ENUM ('reported', 'measured', 'none', 'unknown');
CREATE TYPE call_price_source AS ENUM ('catalogue', 'override');

-- Calls that ended, however they ended. Append-only but for one case: a call the reaper gave up on, whose gateway comes back with
-- the true figures.
CREATE TABLE call_record (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  organisation_id uuid NOT NULL,
  project_id uuid NOT NULL,
  key_id uuid NOT NULL,
  started_at timestamptz NOT NULL,
  operation text NOT NULL,
  requested_model text NOT NULL,
  stream boolean NOT NULL,
  client_request_id text,
  outcome call_outcome NOT NULL,
  http_status integer,
  error_code text,
  finish_reason text,
  provider text,
  upstream_model text,
  credential_id uuid,
  upstream_request_id text,
  -- How the tokens are known: 'reported' by the provider, 'measured' as they passed, 'none' used, or 'unknown'.
  usage_source call_usage_source NOT NULL,
  input_tokens integer,
  cached_input_tokens integer,
  cache_write_tokens integer,
  output_tokens integer,
  reasoning_tokens integer,
  -- Null: unknown, never zero by default (peers 11).
  cost numeric(30, 12),
  currency text NOT NULL,
  price_source call_price_source,
  latency_ms integer,
  first_token_ms integer,
  -- The routing trace (R3): [{"credentialId", "provider", "model", "reason", "outcome", "status", "ms"}].
  attempts json NOT NULL,
  hold numeric(30, 12) NOT NULL,
  budgets json NOT NULL,
  -- The one index: it keeps a call unique and lists an organisation's calls in time order. Every further one is paid for by every call.
  PRIMARY KEY (organisation_id, id, expires_on)
) PARTITION BY RANGE (expires_on);

CALL protect_system_table('gateway_instance');
CALL protect_system_table('price_override');
CALL protect_tenant_table('budget', 'organisation_id');
CALL protect_tenant_table('budget_period', 'organisation_id');
CALL protect_tenant_table('rate_limit', 'organisation_id');
CALL protect_tenant_table('call_intent', 'organisation_id');
CALL protect_tenant_table('call_record', 'organisation_id');
CALL announce_changes_of('budget');
CALL announce_changes_of('rate_limit');
CALL announce_changes_of('price_override');
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway_instance, price_override TO lethe_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON budget, rate_limit TO lethe_app, lethe_system;
GRANT SELECT, DELETE ON budget_period TO lethe_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON budget_period, call_intent, call_record TO lethe_system;
GRANT SELECT ON call_intent, call_record TO lethe_app;

-- Moves settled calls from intents to records and gives the rest of each hold back. Safe to repeat: a settlement that was already
-- made changes nothing. A settlement whose intent the reaper took replaces the 'interrupted' record it left.
CREATE FUNCTION settle_calls(settlements json) RETURNS void
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

-- Writes intents whose holds fit every hard budget they fall under, in the order given, and answers the ids of those that do not,
-- each with the budget that refused it. Locks budget periods in one order, so that two replicas cannot dead-lock.
CREATE FUNCTION admit_calls(intents json) RETURNS TABLE (call_id uuid, refused_by uuid)
  LANGUAGE plpgsql
  AS $$
DECLARE
  intent call_intent;
  refusing uuid;
BEGIN
  FOR intent IN SELECT * FROM json_populate_recordset(NULL::call_intent, intents) LOOP
    SELECT p.budget_id INTO refusing
    FROM json_to_recordset(intent.budgets) AS b (id uuid, start date)
    JOIN budget_period p ON p.budget_id = b.id AND p.period_start = b.start
    JOIN budget ON budget.id = b.id
    WHERE budget.kind = 'hard' AND p.spent + p.held + intent.hold > budget.limit_amount
    LIMIT 1;
    IF refusing IS NOT NULL THEN
      call_id := intent.id;
      refused_by := refusing;
      RETURN NEXT;
    ELSE
      INSERT INTO call_intent VALUES (intent.*) ON CONFLICT DO NOTHING;
      CONTINUE WHEN NOT FOUND;
      UPDATE budget_period p SET held = p.held + intent.hold, version = p.version + 1
      FROM json_to_recordset(intent.budgets) AS b (id uuid, start date)
      WHERE p.budget_id = b.id AND p.period_start = b.start;
    END IF;
  END LOOP;
END
$$;

-- One group commit of the ledger: settlements first, because they free what the intents may need. `replay` marks entries from the
-- journal: they were admitted when Postgres was away, so no budget refuses them, and they may have been written already.
-- Answers {"refused": [{"id", "budget"}], "budgets": [{"id", "start", "remaining", "version"}]}.
CREATE FUNCTION commit_calls(intents json, settlements json, replay boolean) RETURNS json
  LANGUAGE plpgsql
  AS $$
DECLARE
  touched jsonb;
  fits boolean;
  refused json;
  states json;
BEGIN
  SELECT jsonb_agg(DISTINCT b) INTO touched
  FROM (
    SELECT jsonb_array_elements((i -> 'budgets')::jsonb) AS b FROM json_array_elements(intents) i
    UNION
    SELECT jsonb_array_elements((s -> 'budgets')::jsonb) FROM json_array_elements(settlements) s
  ) each_call;

  IF touched IS NOT NULL THEN
    INSERT INTO budget_period (budget_id, period_start, organisation_id)
    SELECT budget.id, t.start, budget.organisation_id
    FROM jsonb_to_recordset(touched) AS t (id uuid, start date)
    JOIN budget ON budget.id = t.id
    WHERE NOT EXISTS (SELECT FROM budget_period p WHERE p.budget_id = t.id AND p.period_start = t.start)
    ORDER BY budget.id, t.start
    ON CONFLICT DO NOTHING;

    PERFORM FROM budget_period p
    JOIN jsonb_to_recordset(touched) AS t (id uuid, start date) ON p.budget_id = t.id AND p.period_start = t.start
    ORDER BY p.budget_id, p.period_start
    FOR UPDATE OF p;
  END IF;

  IF json_array_length(settlements) > 0 THEN
    PERFORM settle_calls(settlements);
  END IF;

  IF json_array_length(intents) > 0 THEN
    SELECT replay OR coalesce(bool_and(p.spent + p.held + n.hold <= budget.limit_amount), true) INTO fits
    FROM (
      SELECT b.id, b.start, sum(i.hold) AS hold
      FROM json_populate_recordset(NULL::call_intent, intents) i, json_to_recordset(i.budgets) AS b (id uuid, start date)
      GROUP BY b.id, b.start
    ) n
    JOIN budget ON budget.id = n.id AND budget.kind = 'hard'
    JOIN budget_period p ON p.budget_id = n.id AND p.period_start = n.start;

    IF fits THEN
      WITH written AS (
        INSERT INTO call_intent SELECT * FROM json_populate_recordset(NULL::call_intent, intents) i
        WHERE NOT (replay AND EXISTS (SELECT FROM call_record r
          WHERE r.organisation_id = i.organisation_id AND r.id = i.id AND r.expires_on = i.expires_on))
        ON CONFLICT DO NOTHING
        RETURNING hold, budgets
      )
      UPDATE budget_period p SET held = p.held + n.hold, version = p.version + 1
      FROM (
        SELECT b.id, b.start, sum(w.hold) AS hold
        FROM written w, json_to_recordset(w.budgets) AS b (id uuid, start date)
        GROUP BY b.id, b.start
      ) n
      WHERE p.budget_id = n.id AND p.period_start = n.start;
    ELSE
      SELECT json_agg(json_build_object('id', a.call_id, 'budget', a.refused_by)) INTO refused FROM admit_calls(intents) a;
    END IF;
  END IF;

  IF touched IS NOT NULL THEN
    PERFORM announce_crossed_budgets(touched);
    SELECT json_agg(json_build_object(
        'id', p.budget_id, 'start', p.period_start, 'remaining', (budget.limit_amount - p.spent - p.held)::text, 'version', p.version))
      INTO states
    FROM jsonb_to_recordset(touched) AS t (id uuid, start date)
    JOIN budget ON budget.id = t.id
    JOIN budget_period p ON p.budget_id = t.id AND p.period_start = t.start;
  END IF;

  RETURN json_build_object('refused', coalesce(refused, '[]'), 'budgets', coalesce(states, '[]'));
END
$$;

-- Takes intents back whose calls were refused in the end, and releases their holds: their commit was made although nobody heard of it.
CREATE FUNCTION withdraw_calls(ids uuid[]) RETURNS integer
  LANGUAGE plpgsql
  AS $$
DECLARE
  withdrawn integer;
BEGIN
  PERFORM FROM budget_period p
  WHERE (p.budget_id, p.period_start) IN (
    SELECT b.id, b.start FROM call_intent i, json_to_recordset(i.budgets) AS b (id uuid, start date) WHERE i.id = ANY (ids))
  ORDER BY p.budget_id, p.period_start
  FOR UPDATE;

  WITH gone AS (
    DELETE FROM call_intent i WHERE i.id = ANY (ids) RETURNING i.hold, i.budgets
  ), released AS (
    UPDATE budget_period p SET held = p.held - n.hold, version = p.version + 1
    FROM (
      SELECT b.id, b.start, sum(g.hold) AS hold
      FROM gone g, json_to_recordset(g.budgets) AS b (id uuid, start date)
      GROUP BY b.id, b.start
    ) n
    WHERE p.budget_id = n.id AND p.period_start = n.start
  )
  SELECT count(*) INTO withdrawn FROM gone;
  RETURN withdrawn;
END
$$;

-- Publishes one event for each alert percentage a budget has just passed, once per period (U2).
CREATE FUNCTION announce_crossed_budgets(touched jsonb) RETURNS void
  LANGUAGE plpgsql
  AS $$
DECLARE
  crossed record;
BEGIN
  -- A loop, so that a flush in which nothing was crossed writes nothing and wakes nobody.
  FOR crossed IN
    SELECT p.budget_id, p.period_start, p.organisation_id, max(percent) AS percent
    FROM jsonb_to_recordset(touched) AS t (id uuid, start date)
    JOIN budget ON budget.id = t.id
    JOIN budget_period p ON p.budget_id = t.id AND p.period_start = t.start,
    unnest(budget.alert_percents) AS percent
    WHERE percent > p.alerted_percent AND p.spent > 0 AND p.spent * 100 >= budget.limit_amount * percent
    GROUP BY p.budget_id, p.period_start, p.organisation_id
  LOOP
    UPDATE budget_period SET alerted_percent = crossed.percent
    WHERE budget_id = crossed.budget_id AND period_start = crossed.period_start;
    INSERT INTO outbox_event (id, topic, payload, created_at)
    VALUES (
      gen_random_uuid(),
      'usage.budget_threshold_crossed',
      jsonb_build_object('budgetId', crossed.budget_id, 'organisationId', crossed.organisation_id,
        'periodStart', crossed.period_start, 'percent', crossed.percent),
      clock_timestamp());
  END LOOP;
END
$$;
