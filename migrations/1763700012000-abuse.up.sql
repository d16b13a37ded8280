-- Keys that are used in ways that are not theirs (A7): blocked until somebody releases them, and what is usual for each.
ALTER TABLE api_key
  ADD COLUMN blocked_at timestamptz,
  ADD COLUMN blocked_reason text CHECK (blocked_reason IN ('new_country', 'burst', 'spend', 'operator')),
  -- The latest sign of abuse that was answered: one that is delivered again, or is older, has nothing new to say.
  ADD COLUMN suspected_at timestamptz,
  -- What the key was released from does not block it again until then.
  ADD COLUMN grace_reason text CHECK (grace_reason IN ('new_country', 'burst', 'spend')),
  ADD COLUMN grace_until timestamptz,
  ADD CONSTRAINT api_key_block_is_whole CHECK ((blocked_at IS NULL) = (blocked_reason IS NULL)),
  ADD CONSTRAINT api_key_grace_is_whole CHECK ((grace_reason IS NULL) = (grace_until IS NULL));

-- Beside the trigger that tells of other changes, so that neither has to know the other's columns.
CREATE TRIGGER announce_block AFTER UPDATE OF blocked_at ON api_key FOR EACH ROW EXECUTE FUNCTION announce_change();

-- Where a key is usually used from. Never an address; at most one row for each country there is.
CREATE TABLE key_country (
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  key_id uuid NOT NULL REFERENCES api_key (id),
  -- ISO 3166-1 alpha-2.
  country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
  first_seen_on date NOT NULL,
  last_seen_on date NOT NULL,
  PRIMARY KEY (key_id, country)
);

-- What a key did in an hour, summed from the ledger by a job. No foreign key: a row goes after a week whatever becomes of its key.
CREATE TABLE key_habit (
  organisation_id uuid NOT NULL,
  key_id uuid NOT NULL,
  hour timestamptz NOT NULL,
  calls bigint NOT NULL DEFAULT 0,
  cost numeric(30, 12) NOT NULL DEFAULT 0,
  -- Whether this hour has been reported already, by figure.
  calls_told boolean NOT NULL DEFAULT false,
  cost_told boolean NOT NULL DEFAULT false,
  PRIMARY KEY (key_id, hour)
);
CREATE INDEX key_habit_by_hour ON key_habit (hour);

-- Up to which moment calls are summed in key_habit, by figure.
CREATE TABLE key_habit_progress (
  figure text PRIMARY KEY CHECK (figure IN ('calls', 'cost')),
  summed_until timestamptz NOT NULL
);
INSERT INTO key_habit_progress VALUES ('calls', 'epoch'), ('cost', 'epoch');

CALL protect_tenant_table('key_country', 'organisation_id');
CALL protect_tenant_table('key_habit', 'organisation_id');
CALL protect_system_table('key_habit_progress');
GRANT SELECT, DELETE ON key_country TO lethe_app;
GRANT SELECT ON key_habit TO lethe_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON key_country, key_habit TO lethe_system;
GRANT SELECT, UPDATE ON key_habit_progress TO lethe_system;
