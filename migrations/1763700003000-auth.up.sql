CREATE TABLE operator (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  status text NOT NULL CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);

CREATE TABLE operator_token (
  id uuid PRIMARY KEY,
  operator_id uuid NOT NULL REFERENCES operator (id),
  -- SHA-256 of a 256-bit random token: a slow hash would add nothing to that much entropy (K4).
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  hint text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz
);

CREATE TABLE api_key (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  project_id uuid NOT NULL,
  name text NOT NULL,
  secret_hash bytea NOT NULL UNIQUE CHECK (octet_length(secret_hash) = 32),
  hint text NOT NULL,
  scopes text[] NOT NULL,
  allowed_networks text[] NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  revoked_at timestamptz,
  last_used_at timestamptz,
  FOREIGN KEY (organisation_id, project_id) REFERENCES project (organisation_id, id)
);
CREATE INDEX api_key_by_organisation ON api_key (organisation_id, id);

CALL protect_system_table('operator');
CALL protect_system_table('operator_token');
CALL protect_tenant_table('api_key', 'organisation_id');
-- Not on every column: the last use is written often and changes nothing for anyone.
CREATE TRIGGER announce AFTER INSERT OR DELETE OR UPDATE OF revoked_at, expires_at, scopes, allowed_networks ON api_key
  FOR EACH ROW EXECUTE FUNCTION announce_change();
GRANT SELECT, INSERT, UPDATE ON operator, operator_token TO lethe_system;
GRANT SELECT, INSERT, UPDATE ON api_key TO lethe_app, lethe_system;
