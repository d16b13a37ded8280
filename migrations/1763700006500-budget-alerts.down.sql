REVOKE UPDATE (alerted_percent, notified_percent) ON budget_period FROM lethe_app;
ALTER TABLE budget_period DROP COLUMN notified_percent;
