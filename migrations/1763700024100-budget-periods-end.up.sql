-- What a budget spent in a period is kept as long as other sums of usage, counted from the end of the period, and was kept as long as its budget (D2).
ALTER TABLE budget_period ADD COLUMN ends_on date;

-- The first day after a period; null for a total, which ends with its budget.
CREATE FUNCTION end_budget_period() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  NEW.ends_on := (
    SELECT CASE period WHEN 'daily' THEN NEW.period_start + 1 WHEN 'monthly' THEN (NEW.period_start + interval '1 month')::date END
    FROM budget WHERE id = NEW.budget_id
  );
  RETURN NEW;
END
$$;
-- Once a period: it is made with its first call.
CREATE TRIGGER end_budget_period BEFORE INSERT ON budget_period FOR EACH ROW EXECUTE FUNCTION end_budget_period();

-- Policies hide the rows of both from the owner.
ALTER TABLE budget NO FORCE ROW LEVEL SECURITY;
ALTER TABLE budget_period NO FORCE ROW LEVEL SECURITY;
UPDATE budget_period p
SET ends_on = CASE b.period WHEN 'daily' THEN p.period_start + 1 WHEN 'monthly' THEN (p.period_start + interval '1 month')::date END
FROM budget b WHERE b.id = p.budget_id;
ALTER TABLE budget_period FORCE ROW LEVEL SECURITY;
ALTER TABLE budget FORCE ROW LEVEL SECURITY;

-- The sweep finds those that are due without reading the others.
CREATE INDEX budget_period_ended ON budget_period (organisation_id, ends_on) WHERE ends_on IS NOT NULL;

CREATE TRIGGER keep_held BEFORE DELETE ON budget_period
  FOR EACH ROW EXECUTE FUNCTION keep_held_row('usage_aggregate', 'organisation_id', '', 'period_start');
