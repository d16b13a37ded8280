-- The highest alert of a period that was told to anyone. An event may be delivered twice; this makes telling it a thing that happens once.
ALTER TABLE budget_period ADD COLUMN notified_percent integer NOT NULL DEFAULT 0;

-- Changing a budget's limit or alerts arms again those that are no longer crossed, under the tenant's own policy.
GRANT UPDATE (alerted_percent, notified_percent) ON budget_period TO lethe_app;
