-- People who sign in. Whatever else is known of a person hangs on this row: tables of theirs refer to account (id) ON DELETE CASCADE, so that
-- removing the account removes all of it (A6, D3).
CREATE TABLE account (
  id uuid PRIMARY KEY,
  -- As written, and as compared: NFKC, lower case, domain in punycode.
  email text,
  email_normal text,
  email_verified_at timestamptz,
  username text,
  username_normal text,
  display_name text,
  locale text NOT NULL,
  phone text,
  -- The age the person said to have reached, and when: a yes, never a birth date (A6).
  attested_age smallint,
  attested_at timestamptz,
  status text NOT NULL CHECK (status IN ('active', 'blocked', 'closed')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK ((email IS NULL) = (email_normal IS NULL)),
  CHECK ((username IS NULL) = (username_normal IS NULL)),
  CHECK ((attested_age IS NULL) = (attested_at IS NULL)),
  CHECK (email_verified_at IS NULL OR email IS NOT NULL)
);
-- Nobody can sit on an address by merely naming it: only a proven one is taken.
CREATE UNIQUE INDEX account_email_taken ON account (email_normal) WHERE email_verified_at IS NOT NULL;
CREATE UNIQUE INDEX account_username_taken ON account (username_normal);

CREATE TABLE account_password (
  account_id uuid PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  -- bcrypt over a keyed digest of the password (K5, ADR 0029).
  hash text NOT NULL,
  changed_at timestamptz NOT NULL
);

-- A browser that is signed in, or about to be. Ending a session deletes its row.
CREATE TABLE account_session (
  id uuid PRIMARY KEY,
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  -- SHA-256 of 256 random bits, renewed whenever the session may do more than before.
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  method text NOT NULL CHECK (method IN ('password', 'email_link', 'oidc', 'saml', 'webauthn')),
  second_factor_at timestamptz,
  -- When the person last proved who they are: dangerous acts want that to be a moment ago.
  proven_at timestamptz NOT NULL,
  -- "Firefox on Linux", country and region: what tells one's own sessions apart. Never an address.
  device text,
  country text,
  region text,
  -- Some bits of a digest of account and network: whether a sign-in comes from where the person already is.
  network_tag integer NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX account_session_by_account ON account_session (account_id, id);
CREATE INDEX account_session_by_end ON account_session (expires_at);

-- Links that were mailed: each works once and for a while. They hold addresses of people who may never become account holders, so they leave
-- with their day.
CREATE TABLE account_ticket (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  kind text NOT NULL CHECK (kind IN ('sign_up', 'sign_in', 'recovery', 'email_change', 'email_undo', 'step_up')),
  token_hash bytea NOT NULL CHECK (octet_length(token_hash) = 32),
  -- SHA-256 of the nonce in the cookie of the browser that asked; null for a link that works anywhere.
  browser_hash bytea CHECK (octet_length(browser_hash) = 32),
  account_id uuid,
  email text,
  -- What a sign-up waits with: password hash, names, language, attested age. Emptied when the link is used.
  waiting jsonb,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE INDEX account_ticket_by_token ON account_ticket (token_hash);
CREATE INDEX account_ticket_by_account ON account_ticket (account_id);

-- How much has been tried lately, per bucket of accounts and of networks. A bucket is a few bits of a digest: it cannot be traced to anyone,
-- and there are only so many of them however much strangers try.
CREATE TABLE sign_in_pressure (
  kind text NOT NULL,
  bucket integer NOT NULL,
  level double precision NOT NULL,
  changed_at timestamptz NOT NULL,
  PRIMARY KEY (kind, bucket)
) WITH (fillfactor = 70);

-- That an account was removed, why and on which day; nothing of whose it was (A6).
CREATE TABLE account_closure (
  id uuid PRIMARY KEY,
  reason text NOT NULL CHECK (reason IN ('minor_found')),
  closed_on date NOT NULL
);

CALL protect_system_table('account');
CALL protect_system_table('account_password');
CALL protect_system_table('account_session');
CALL protect_system_table('account_ticket');
CALL protect_system_table('sign_in_pressure');
CALL protect_system_table('account_closure');
GRANT SELECT, INSERT, UPDATE, DELETE ON account, account_password, account_session TO lethe_system;
GRANT SELECT, INSERT, UPDATE ON account_ticket, sign_in_pressure TO lethe_system;
GRANT SELECT, INSERT ON account_closure TO lethe_system;
