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
DROP TABLE usage_statistic;
DROP TABLE usage_late_hour;
DROP TABLE usage_rollup_progress;
DROP TABLE usage_rollup;
DROP TYPE usage_grain;
DROP FUNCTION merge_durations(bytea);
DROP FUNCTION count_durations(integer[]);
DROP FUNCTION duration_entry(integer, bigint);
DROP FUNCTION duration_bucket(integer);
