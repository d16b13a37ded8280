-- Operators are people with a role, and with an account they sign in by (A4). Those from before were allowed everything.
ALTER TABLE operator
  ADD COLUMN role text NOT NULL DEFAULT 'administrator' CHECK (role IN ('administrator', 'support', 'privacy_officer', 'auditor')),
  -- Who removes their account stays on the list as a name, without a way to sign in.
  ADD COLUMN account_id uuid UNIQUE REFERENCES account (id) ON DELETE SET NULL,
  -- SHA-256 of the link by which a person takes the place; at most one at a time, gone once it is used.
  ADD COLUMN invitation_hash bytea UNIQUE CHECK (octet_length(invitation_hash) = 32),
  ADD COLUMN invited_until timestamptz,
  ADD CHECK ((invitation_hash IS NULL) = (invited_until IS NULL)),
  ADD CHECK (account_id IS NULL OR invitation_hash IS NULL);
ALTER TABLE operator ALTER COLUMN role DROP DEFAULT;

-- What a token is for, so that people can tell theirs apart.
ALTER TABLE operator_token ADD COLUMN name text NOT NULL DEFAULT 'token';
ALTER TABLE operator_token ALTER COLUMN name DROP DEFAULT;
CREATE INDEX operator_token_by_operator ON operator_token (operator_id, id);

-- A session that acts as operator. It goes with the session, so that signing out ends it everywhere.
CREATE TABLE operator_duty (
  session_id uuid PRIMARY KEY REFERENCES account_session (id) ON DELETE CASCADE,
  operator_id uuid NOT NULL REFERENCES operator (id),
  begun_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL
);
CREATE INDEX operator_duty_by_operator ON operator_duty (operator_id);

-- Leave for one operator to read one organisation's own data, for a reason and a while (S2). The organisation sees its rows.
CREATE TABLE break_glass_grant (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  operator_id uuid NOT NULL REFERENCES operator (id),
  reason text NOT NULL
    CHECK (reason IN ('customer_request', 'incident', 'security_review', 'billing_dispute', 'legal_request', 'data_subject_request')),
  -- A number in somebody's ticket system: its form leaves no room for a name or a sentence.
  ticket text NOT NULL CHECK (ticket ~ '^[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}$'),
  opened_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL CHECK (ends_at > opened_at AND ends_at <= opened_at + interval '4 hours'),
  closed_at timestamptz,
  -- Null when the time was up.
  closed_by uuid REFERENCES operator (id)
);
CREATE INDEX break_glass_grant_by_organisation ON break_glass_grant (organisation_id, id);
CREATE INDEX break_glass_grant_open ON break_glass_grant (operator_id) WHERE closed_at IS NULL;

CALL protect_system_table('operator_duty');
CALL protect_tenant_table('break_glass_grant', 'organisation_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON operator_duty TO lethe_system;
GRANT SELECT ON break_glass_grant TO lethe_app;
GRANT SELECT, INSERT, UPDATE ON break_glass_grant TO lethe_system;
