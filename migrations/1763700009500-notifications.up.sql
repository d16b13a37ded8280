-- The one key of this module, sealed by the key management service: mails, webhook secrets, address hashes and unsubscribe links each use
-- a key derived from it. Opened once by a process and outside any transaction.
CREATE TABLE notification_key (
  id uuid PRIMARY KEY,
  -- At most one row, so that every replica uses the same key.
  singleton boolean NOT NULL DEFAULT true UNIQUE CHECK (singleton),
  format_version smallint NOT NULL,
  kms_key_id text NOT NULL,
  wrapped_key bytea NOT NULL,
  ciphertext bytea NOT NULL,
  created_at timestamptz NOT NULL
);

CALL protect_system_table('notification_key');
GRANT SELECT, INSERT, UPDATE (format_version, kms_key_id, wrapped_key) ON notification_key TO lethe_system;

-- Mails that wait to be handed to the mail server: address and values sealed. Whoever may change data may add one and never read it back,
-- as with outbox_event.
CREATE TABLE outgoing_mail (
  id uuid PRIMARY KEY,
  kind text NOT NULL,
  sealed bytea NOT NULL,
  created_at timestamptz NOT NULL
);

CREATE INDEX outgoing_mail_by_age ON outgoing_mail (created_at);
ALTER TABLE outgoing_mail ENABLE ROW LEVEL SECURITY;
ALTER TABLE outgoing_mail FORCE ROW LEVEL SECURITY;
CREATE POLICY outgoing_mail_queue ON outgoing_mail FOR INSERT TO lethe_app WITH CHECK (true);
CREATE POLICY outgoing_mail_send ON outgoing_mail TO lethe_system USING (true) WITH CHECK (true);
GRANT INSERT ON outgoing_mail TO lethe_app;
GRANT SELECT, INSERT, DELETE ON outgoing_mail TO lethe_system;

-- Addresses that bounced or complained, by keyed hash: enough to recognise one, not to learn one.
CREATE TABLE suppressed_address (
  address_hash bytea PRIMARY KEY CHECK (length(address_hash) = 32),
  reason text NOT NULL CHECK (reason IN ('bounced', 'complained', 'unsubscribed')),
  since timestamptz NOT NULL
);

CALL protect_system_table('suppressed_address');
GRANT SELECT, INSERT, UPDATE, DELETE ON suppressed_address TO lethe_system;

-- What became of a mail, as the delivery service tells: no address and no text.
CREATE TABLE mail_delivery_event (
  id text NOT NULL,
  expires_on date NOT NULL,
  mail_id uuid,
  event text NOT NULL,
  reason text NOT NULL,
  occurred_at timestamptz NOT NULL,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);

CALL protect_system_table('mail_delivery_event');
GRANT SELECT, INSERT ON mail_delivery_event TO lethe_system;

-- Which messages an account wants by mail, where it has said so.
CREATE TABLE notification_preference (
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  category text NOT NULL,
  by_mail boolean NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, category)
);

CALL protect_system_table('notification_preference');
GRANT SELECT, INSERT, UPDATE, DELETE ON notification_preference TO lethe_system;

-- Consent to advertising: its present state. No row is no consent (G4).
CREATE TABLE marketing_consent (
  account_id uuid PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  granted boolean NOT NULL,
  -- Of the text that was agreed to.
  version text NOT NULL,
  source text NOT NULL CHECK (source IN ('account', 'one_click')),
  changed_at timestamptz NOT NULL
);

CALL protect_system_table('marketing_consent');
GRANT SELECT, INSERT, UPDATE, DELETE ON marketing_consent TO lethe_system;

-- Notices inside the product.
CREATE TABLE account_notice (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind text NOT NULL,
  detail jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  read_at timestamptz,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);

CREATE INDEX account_notice_by_account ON account_notice (account_id, id);
ALTER TABLE account_notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE account_notice FORCE ROW LEVEL SECURITY;
CREATE POLICY account_notice_tell ON account_notice FOR INSERT TO lethe_app WITH CHECK (true);
CREATE POLICY account_notice_system ON account_notice TO lethe_system USING (true) WITH CHECK (true);
GRANT INSERT ON account_notice TO lethe_app;
GRANT SELECT, INSERT, DELETE, UPDATE (read_at) ON account_notice TO lethe_system;

CREATE TABLE organisation_notice (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  kind text NOT NULL,
  detail jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  read_at timestamptz,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);

CREATE INDEX organisation_notice_by_organisation ON organisation_notice (organisation_id, id);
CALL protect_tenant_table('organisation_notice', 'organisation_id');
GRANT SELECT, INSERT, UPDATE (read_at) ON organisation_notice TO lethe_app, lethe_system;

-- Where an organisation wants to be told by program.
CREATE TABLE webhook_endpoint (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  url text NOT NULL,
  description text NOT NULL,
  -- Empty: every type there is.
  event_types text[] NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'disabled')),
  -- The signing secret, and the one before it for as long as both sign.
  secret_version integer NOT NULL CHECK (secret_version > 0),
  sealed_secret bytea NOT NULL,
  previous_sealed_secret bytea,
  previous_expires_at timestamptz,
  -- Since when no delivery has been taken; null while they are.
  failing_since timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organisation_id, id),
  CHECK ((previous_sealed_secret IS NULL) = (previous_expires_at IS NULL))
);

CALL protect_tenant_table('webhook_endpoint', 'organisation_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_endpoint TO lethe_app, lethe_system;

-- What endpoints are told: ids and enums only. The same bytes go out at every try and every replay.
CREATE TABLE webhook_event (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  type text NOT NULL,
  detail jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);

CALL protect_tenant_table('webhook_event', 'organisation_id');
GRANT SELECT, INSERT ON webhook_event TO lethe_app, lethe_system;

-- One event on its way to one endpoint, and how that ended. The row is also the schedule: a delivery that waits is due at next_attempt_at.
CREATE TABLE webhook_delivery (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  endpoint_id uuid NOT NULL,
  event_id uuid NOT NULL,
  event_type text NOT NULL,
  state text NOT NULL CHECK (state IN ('waiting', 'delivered', 'given_up')),
  attempts integer NOT NULL,
  -- Of the last attempt: the HTTP status, or why there was none.
  http_status integer,
  failure text,
  next_attempt_at timestamptz,
  created_at timestamptz NOT NULL,
  attempted_at timestamptz,
  PRIMARY KEY (id, expires_on),
  CHECK ((state = 'waiting') = (next_attempt_at IS NOT NULL))
) PARTITION BY RANGE (expires_on);

CREATE INDEX webhook_delivery_by_endpoint ON webhook_delivery (organisation_id, endpoint_id, id);
CREATE INDEX webhook_delivery_due ON webhook_delivery (next_attempt_at) WHERE state = 'waiting';
CALL protect_tenant_table('webhook_delivery', 'organisation_id');
GRANT SELECT, INSERT, UPDATE ON webhook_delivery TO lethe_app, lethe_system;
