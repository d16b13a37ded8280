-- What a person shows besides a first proof of who they are (A1). All of it goes with the account.

-- An authenticator app. One per account; the secret is sealed, bound to this row and its account.
CREATE TABLE totp_factor (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL UNIQUE REFERENCES account (id) ON DELETE CASCADE,
  format_version smallint NOT NULL,
  kms_key_id text NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL,
  -- Time step of the last code that was taken: no code of it or of an earlier one is ever taken again (RFC 6238 §5.2).
  last_step bigint NOT NULL,
  created_at timestamptz NOT NULL,
  -- Null until a code has shown that the app has the secret; before that the factor counts for nothing.
  confirmed_at timestamptz,
  last_used_at timestamptz
);

-- A security key or passkey: a public key, which opens nothing.
CREATE TABLE webauthn_credential (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  credential_id bytea NOT NULL UNIQUE CHECK (octet_length(credential_id) BETWEEN 1 AND 1023),
  public_key bytea NOT NULL,
  -- How often the device says it has signed; 0 for those that do not count.
  sign_count bigint NOT NULL,
  transports text[] NOT NULL,
  backed_up boolean NOT NULL,
  name text NOT NULL,
  -- 'suspended': its counter went back, as a copied key's does. It is never taken again.
  status text NOT NULL CHECK (status IN ('active', 'suspended')),
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX webauthn_credential_by_account ON webauthn_credential (account_id, id);

-- Codes on paper for whoever lost the rest. A code that was used is deleted.
CREATE TABLE recovery_code (
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  -- SHA-256 over account and code; a code has 100 random bits.
  code_hash bytea NOT NULL CHECK (octet_length(code_hash) = 32),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, code_hash)
);

-- Challenges given out and not yet answered. Whoever answers takes the row with them, right or wrong.
CREATE TABLE webauthn_challenge (
  challenge_hash bytea PRIMARY KEY CHECK (octet_length(challenge_hash) = 32),
  ceremony text NOT NULL CHECK (ceremony IN ('registration', 'second_factor', 'passkey')),
  -- The only session that may answer; null for signing in with a passkey, which has none yet.
  session_id uuid REFERENCES account_session (id) ON DELETE CASCADE,
  expires_at timestamptz NOT NULL,
  CHECK ((session_id IS NULL) = (ceremony = 'passkey'))
);
CREATE INDEX webauthn_challenge_by_end ON webauthn_challenge (expires_at);
CREATE INDEX webauthn_challenge_by_session ON webauthn_challenge (session_id);

-- How many codes of the app were tried in a row without one being right, and when the next may be tried: one count for all replicas.
CREATE TABLE totp_attempt (
  account_id uuid PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  attempts integer NOT NULL,
  next_at timestamptz NOT NULL
);

CALL protect_system_table('totp_factor');
CALL protect_system_table('webauthn_credential');
CALL protect_system_table('recovery_code');
CALL protect_system_table('webauthn_challenge');
CALL protect_system_table('totp_attempt');
GRANT SELECT, INSERT, UPDATE, DELETE ON totp_factor, webauthn_credential, totp_attempt TO lethe_system;
GRANT SELECT, INSERT, DELETE ON recovery_code, webauthn_challenge TO lethe_system;
