-- By what an account that began without an e-mail address is recovered: one code on paper, in the place of the mailed link.
CREATE TABLE password_recovery_code (
  account_id uuid PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  -- SHA-256 over use, account and code; a code has 100 random bits.
  code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
  created_at timestamptz NOT NULL,
  -- Set when the account's owner proves an address; null while there is none.
  ends_at timestamptz
);
CREATE INDEX password_recovery_code_by_end ON password_recovery_code (ends_at) WHERE ends_at IS NOT NULL;

CALL protect_system_table('password_recovery_code');
GRANT SELECT, INSERT, UPDATE, DELETE ON password_recovery_code TO lethe_system;
