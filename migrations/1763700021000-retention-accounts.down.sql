DROP TABLE retention_alarm;
DROP TABLE retention_removal;

-- A day's look at a store that let go by itself: the version before knows no such receipt.
DELETE FROM retention_receipt WHERE action = 'observed';
ALTER TABLE retention_receipt
  DROP CONSTRAINT retention_receipt_action_check,
  ADD CONSTRAINT retention_receipt_action_check CHECK (action IN ('purged', 'refiled', 'swept', 'released')),
  DROP COLUMN remaining;
