-- Whom a call was made for, as the organisation's program named them: a keyed hash, so that their calls can be found by whoever knows the name and by
-- nobody else. Null when the call named nobody.
ALTER TABLE call_intent ADD COLUMN end_user_id uuid;
ALTER TABLE call_record ADD COLUMN end_user_id uuid;

-- Paid for by those calls alone that name somebody.
CREATE INDEX call_record_end_user ON call_record (organisation_id, end_user_id, id) WHERE end_user_id IS NOT NULL;

-- The key of that hash, sealed by the key management service. Opened once by a process and outside any transaction.
CREATE TABLE end_user_key (
  id uuid PRIMARY KEY,
  -- At most one row, so that every replica uses the same key.
  singleton boolean NOT NULL DEFAULT true UNIQUE CHECK (singleton),
  format_version smallint NOT NULL,
  kms_key_id text NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL,
  created_at timestamptz NOT NULL
);

CALL protect_system_table('end_user_key');
CALL withhold_statistics('end_user_key');
GRANT SELECT, INSERT, UPDATE (format_version, kms_key_id, wrapped_key) ON end_user_key TO lethe_system;
