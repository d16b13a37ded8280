CREATE TABLE provider_credential (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  name text NOT NULL,
  provider text NOT NULL,
  -- Null: the provider's own address.
  base_url text,
  -- Rises with every new secret and is bound into the ciphertext, so an old one cannot be put back (K1).
  version integer NOT NULL CHECK (version > 0),
  hint text NOT NULL,
  format_version smallint NOT NULL,
  kms_key_id text NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'disabled')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organisation_id, name),
  UNIQUE (organisation_id, id)
);

CALL protect_tenant_table('provider_credential', 'organisation_id');
CALL announce_changes_of('provider_credential');
GRANT SELECT, INSERT, UPDATE, DELETE ON provider_credential TO lethe_app, lethe_system;
