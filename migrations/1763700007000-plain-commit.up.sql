-- The fast way through the ledger, for batches in which nothing is out of the ordinary: every settlement finds its intent, every hold fits,
-- no alert is due. It reads rows as composite literals, the cheapest form Postgres takes, and moves each budget once by sums the caller
-- has made. At the first sign of anything else it raises LT001 and changes nothing; the caller then makes the same commit through commit_calls, which
-- decides call by call. Both leave the same rows.
CREATE FUNCTION commit_plain_calls(
  intents text, records text, settled uuid[],
  budgets uuid[], starts date[], placed numeric[], released numeric[], booked numeric[]
) RETURNS json
  LANGUAGE plpgsql
  AS $$
DECLARE
  states json;
  written integer;
BEGIN
  IF cardinality(budgets) > 0 THEN
    -- One order for everybody, so that two replicas cannot dead-lock.
    PERFORM FROM budget_period p
    JOIN unnest(budgets, starts) AS t (id, start) ON p.budget_id = t.id AND p.period_start = t.start
    ORDER BY p.budget_id, p.period_start
    FOR UPDATE OF p;

    WITH moved AS (
      UPDATE budget_period p SET held = p.held + t.placed - t.released, spent = p.spent + t.booked, version = p.version + 1
      FROM unnest(budgets, starts, placed, released, booked) AS t (id, start, placed, released, booked)
      JOIN budget b ON b.id = t.id
      WHERE p.budget_id = t.id AND p.period_start = t.start
        AND (b.kind = 'soft' OR t.placed = 0 OR p.spent + p.held + t.booked - t.released + t.placed <= b.limit_amount)
        AND NOT EXISTS (
          SELECT FROM unnest(b.alert_percents) AS percent
          WHERE percent > p.alerted_percent AND t.booked > 0 AND (p.spent + t.booked) * 100 >= b.limit_amount * percent)
      RETURNING p.budget_id, p.period_start, (b.limit_amount - p.spent - p.held)::text AS remaining, p.version
    )
    SELECT count(*), json_agg(json_build_object('id', budget_id, 'start', period_start, 'remaining', remaining, 'version', version))
      INTO written, states
    FROM moved;
    IF written <> cardinality(budgets) THEN
      RAISE 'not a plain batch' USING ERRCODE = 'LT001';
    END IF;
  END IF;

  IF cardinality(settled) > 0 THEN
    DELETE FROM call_intent WHERE id = ANY (settled);
    GET DIAGNOSTICS written = ROW_COUNT;
    IF written <> cardinality(settled) THEN
      RAISE 'not a plain batch' USING ERRCODE = 'LT001';
    END IF;
    INSERT INTO call_record SELECT * FROM unnest(records::call_record[]);
  END IF;

  IF intents <> '{}' THEN
    INSERT INTO call_intent SELECT * FROM unnest(intents::call_intent[]);
  END IF;
  RETURN json_build_object('refused', '[]'::json, 'budgets', coalesce(states, '[]'));
END
$$;
