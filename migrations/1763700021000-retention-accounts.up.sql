-- Receipts that are exact wherever a sweep dies, say what is left, and tell of stores that let go by themselves (D2); alarms that are told once.

ALTER TABLE retention_receipt
  -- How much is left in the store; null where nobody counts it.
  ADD COLUMN remaining bigint,
  DROP CONSTRAINT retention_receipt_action_check,
  ADD CONSTRAINT retention_receipt_action_check CHECK (action IN ('purged', 'refiled', 'swept', 'released', 'observed'));

-- What a sweep of a store outside the database is about to remove: an entry leaves here in the transaction that notes that it is gone.
CREATE TABLE retention_removal (
  store text NOT NULL,
  -- What the store knows it by: an id or a path.
  entry text NOT NULL,
  rows bigint NOT NULL,
  bytes bigint,
  announced_at timestamptz NOT NULL,
  PRIMARY KEY (store, entry)
);

-- The classes of which something is kept past its time, from when staff was told of it until staff is told that it has ended.
CREATE TABLE retention_alarm (
  data_class text PRIMARY KEY,
  raised_at timestamptz NOT NULL,
  -- When anybody last saw something overdue.
  seen_at timestamptz NOT NULL
);

CALL protect_system_table('retention_removal');
CALL protect_system_table('retention_alarm');
CALL withhold_statistics('retention_removal');
CALL withhold_statistics('retention_alarm');
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_removal, retention_alarm TO lethe_system;
