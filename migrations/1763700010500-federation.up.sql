-- Where people sign in who have their account elsewhere (A1). Without an organisation it is the installation's own, and only Lethe itself reads it.
CREATE TABLE identity_provider (
  id uuid PRIMARY KEY,
  organisation_id uuid REFERENCES organisation (id),
  kind text NOT NULL CHECK (kind IN ('oidc', 'oauth2', 'saml')),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'disabled')),
  -- Who is spoken to: never changed, because what the provider said of a person, and the secret, belong to this very counterpart.
  connection jsonb NOT NULL,
  -- What is asked of it, and how far it is believed.
  settings jsonb NOT NULL,
  -- Counts the secrets it has had and is bound into the ciphertext, so an old one cannot be put back (K1). 0: it has none.
  secret_version integer NOT NULL CHECK (secret_version >= 0),
  secret_hint text,
  format_version smallint,
  kms_key_id text,
  wrapped_key bytea,
  ciphertext bytea,
  -- What the organisation was last told of its certificates, so that it is told each thing once; null: nothing.
  certificate_told text CHECK (certificate_told IN ('expires_soon', 'expired')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK ((secret_version > 0) = (num_nonnulls(secret_hint, format_version, kms_key_id, wrapped_key, ciphertext) = 5)),
  CHECK ((secret_version = 0) = (num_nonnulls(secret_hint, format_version, kms_key_id, wrapped_key, ciphertext) = 0)),
  UNIQUE NULLS NOT DISTINCT (organisation_id, name),
  UNIQUE (organisation_id, id)
);

-- An account as a provider knows it: its id there, and the little that is kept of it (A1). There is no room for anything else.
CREATE TABLE external_identity (
  id uuid PRIMARY KEY,
  provider_id uuid NOT NULL REFERENCES identity_provider (id) ON DELETE CASCADE,
  subject text NOT NULL,
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  username text,
  email text,
  avatar_url text,
  vip boolean NOT NULL,
  refreshed_at timestamptz NOT NULL,
  UNIQUE (provider_id, subject),
  UNIQUE (provider_id, account_id)
);
CREATE INDEX external_identity_by_account ON external_identity (account_id);

-- The refresh token of an identity, sealed, where the provider is set up to give one: what the refresh job asks with.
CREATE TABLE external_grant (
  identity_id uuid PRIMARY KEY REFERENCES external_identity (id) ON DELETE CASCADE,
  version integer NOT NULL CHECK (version > 0),
  format_version smallint NOT NULL,
  kms_key_id text NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL,
  refresh_at timestamptz NOT NULL
);
CREATE INDEX external_grant_by_refresh ON external_grant (refresh_at);

-- An e-mail domain an organisation claims, and has proven by a DNS record once `verified_at` is set. Proven by one organisation at a time.
CREATE TABLE captured_domain (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  domain text NOT NULL CHECK (domain = lower(domain)),
  -- What the DNS record has to say. Public once it is there.
  challenge text NOT NULL,
  provider_id uuid,
  -- Whether its people may sign in through the provider only.
  sso_required boolean NOT NULL,
  verified_at timestamptz,
  -- Since when the record is gone; null: it was there when it was last looked for.
  missing_since timestamptz CHECK (missing_since IS NULL OR verified_at IS NOT NULL),
  created_at timestamptz NOT NULL,
  CHECK (NOT sso_required OR (verified_at IS NOT NULL AND provider_id IS NOT NULL)),
  UNIQUE (organisation_id, domain),
  FOREIGN KEY (organisation_id, provider_id) REFERENCES identity_provider (organisation_id, id) ON DELETE SET NULL (provider_id)
);
CREATE UNIQUE INDEX captured_domain_proven_once ON captured_domain (domain) WHERE verified_at IS NOT NULL;

-- A sign-in on its way through a provider: used once, for ten minutes, in the browser it began in. Hashes only; what else the flow needs is
-- derived from what the browser keeps.
CREATE TABLE federation_attempt (
  id uuid PRIMARY KEY,
  state_hash bytea NOT NULL UNIQUE,
  browser_hash bytea NOT NULL,
  provider_id uuid NOT NULL REFERENCES identity_provider (id) ON DELETE CASCADE,
  -- Set when a signed-in person links one more identity; null when somebody signs in.
  account_id uuid REFERENCES account (id) ON DELETE CASCADE,
  -- The session that links, without which nothing is linked any more: whoever signs out everywhere shuts out a stranger who had begun to.
  session_id uuid REFERENCES account_session (id) ON DELETE CASCADE,
  attested_age smallint,
  locale text NOT NULL,
  return_path text NOT NULL,
  expires_at timestamptz NOT NULL,
  CHECK ((account_id IS NULL) = (session_id IS NULL))
);
CREATE INDEX federation_attempt_by_session ON federation_attempt (session_id);
CREATE INDEX federation_attempt_by_expiry ON federation_attempt (expires_at);

CALL protect_tenant_table('identity_provider', 'organisation_id');
CALL protect_tenant_table('captured_domain', 'organisation_id');
CALL protect_system_table('external_identity');
CALL protect_system_table('external_grant');
CALL protect_system_table('federation_attempt');
GRANT SELECT, INSERT, UPDATE, DELETE ON identity_provider, captured_domain TO lethe_app, lethe_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON external_identity, external_grant, federation_attempt TO lethe_system;
