-- What an identity provider has said of somebody, between the answer's arrival and the moment their own browser fetches the result: used once, for
-- two minutes (ADR 0035).
CREATE TABLE saml_answer (
  id uuid PRIMARY KEY,
  code_hash bytea NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32),
  -- SHA-256 of the secret in the browser the sign-in began in; null when the provider began it, which its settings then allow.
  browser_hash bytea CHECK (octet_length(browser_hash) = 32),
  provider_id uuid NOT NULL REFERENCES identity_provider (id) ON DELETE CASCADE,
  subject text NOT NULL,
  username text,
  email text,
  two_factors boolean NOT NULL,
  attested_age smallint,
  locale text NOT NULL,
  return_path text NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX saml_answer_by_expiry ON saml_answer (expires_at);

-- Assertions that have been used, as hashes, until they could not be accepted any more anyway.
CREATE TABLE saml_assertion (
  provider_id uuid NOT NULL REFERENCES identity_provider (id) ON DELETE CASCADE,
  assertion_hash bytea NOT NULL CHECK (octet_length(assertion_hash) = 32),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (provider_id, assertion_hash)
);
CREATE INDEX saml_assertion_by_expiry ON saml_assertion (expires_at);

-- Secrets by which directories of organisations call the SCIM API.
CREATE TABLE scim_token (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  name text NOT NULL,
  -- SHA-256 of a 256-bit random token.
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  hint text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz
);
CREATE INDEX scim_token_by_organisation ON scim_token (organisation_id, id);

-- Accounts that an organisation's directory has made: these it may also block and release. Stays when the user is deleted from the directory, so
-- that it can come back.
CREATE TABLE scim_account (
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  account_id uuid NOT NULL PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  -- When the directory had it blocked; null: it has not, and a block there may be is somebody else's.
  blocked_at timestamptz
);
CREATE INDEX scim_account_by_organisation ON scim_account (organisation_id);

-- Users as a directory writes them.
CREATE TABLE scim_user (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  user_name text NOT NULL,
  external_id text,
  formatted_name text,
  given_name text,
  family_name text,
  email text,
  active boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organisation_id, id),
  UNIQUE (organisation_id, account_id),
  UNIQUE (organisation_id, external_id)
);
CREATE UNIQUE INDEX scim_user_name_taken ON scim_user (organisation_id, lower(user_name));
CREATE INDEX scim_user_by_account ON scim_user (account_id);

-- Groups as a directory writes them, and the role their members have here, which the organisation decides and the directory does not.
CREATE TABLE scim_group (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  display_name text NOT NULL,
  external_id text,
  role text CHECK (role IN ('admin', 'billing', 'developer', 'viewer', 'privacy_officer')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organisation_id, id),
  UNIQUE (organisation_id, external_id)
);
CREATE UNIQUE INDEX scim_group_name_taken ON scim_group (organisation_id, lower(display_name));

CREATE TABLE scim_group_member (
  organisation_id uuid NOT NULL,
  group_id uuid NOT NULL,
  user_id uuid NOT NULL,
  PRIMARY KEY (group_id, user_id),
  FOREIGN KEY (organisation_id, group_id) REFERENCES scim_group (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, user_id) REFERENCES scim_user (organisation_id, id) ON DELETE CASCADE
);
CREATE INDEX scim_group_member_by_user ON scim_group_member (organisation_id, user_id);

CALL protect_system_table('saml_answer');
CALL protect_system_table('saml_assertion');
CALL protect_tenant_table('scim_token', 'organisation_id');
CALL protect_tenant_table('scim_account', 'organisation_id');
CALL protect_tenant_table('scim_user', 'organisation_id');
CALL protect_tenant_table('scim_group', 'organisation_id');
CALL protect_tenant_table('scim_group_member', 'organisation_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON saml_answer TO lethe_system;
GRANT SELECT, INSERT, DELETE ON saml_assertion TO lethe_system;
GRANT SELECT, INSERT, UPDATE ON scim_token TO lethe_app, lethe_system;
GRANT SELECT ON scim_account TO lethe_app;
GRANT SELECT, INSERT, UPDATE ON scim_account TO lethe_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON scim_user, scim_group, scim_group_member TO lethe_app, lethe_system;
