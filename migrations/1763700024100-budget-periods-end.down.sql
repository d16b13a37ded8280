DROP TRIGGER keep_held ON budget_period;
DROP INDEX budget_period_ended;
DROP TRIGGER end_budget_period ON budget_period;
DROP FUNCTION end_budget_period();
ALTER TABLE budget_period DROP COLUMN ends_on;
