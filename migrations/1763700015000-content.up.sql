-- What was said in calls lies apart from what is known about them (C3): tables of its own, ciphertext only, and a role of its own. lethe_app and
-- lethe_system have no right to read it; a transaction that needs it becomes lethe_content for the moment (ADR 0043).
DO $$
BEGIN
  BEGIN
    CREATE ROLE lethe_content NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END;
  IF NOT pg_has_role(current_user, 'lethe_content', 'MEMBER') THEN
    GRANT lethe_content TO CURRENT_USER;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA public TO lethe_content;

-- The keys that content is sealed under: data keys wrapped by the key management service, one version after the other (C4).
CREATE TABLE content_key (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  -- Bound into the wrapping and into everything sealed under the key.
  version integer NOT NULL CHECK (version > 0),
  kms_key_id text,
  wrapped_key bytea,
  created_at timestamptz NOT NULL,
  -- Nothing is sealed under it any more: a newer version took over.
  retired_at timestamptz,
  destroyed_at timestamptz,
  UNIQUE (organisation_id, version),
  CHECK ((destroyed_at IS NULL) = (wrapped_key IS NOT NULL) AND (destroyed_at IS NULL) = (kms_key_id IS NOT NULL))
);
CALL protect_tenant_table('content_key', 'organisation_id');
CALL announce_changes_of('content_key');
-- Everybody's but for the wrapped key itself.
GRANT SELECT (id, organisation_id, version, kms_key_id, created_at, retired_at, destroyed_at) ON content_key TO lethe_app, lethe_system;
CREATE POLICY content ON content_key TO lethe_content
  USING (organisation_id = current_organisation()) WITH CHECK (organisation_id = current_organisation());
GRANT SELECT, INSERT ON content_key TO lethe_content;
GRANT UPDATE (kms_key_id, wrapped_key, retired_at, destroyed_at) ON content_key TO lethe_content;

-- What an organisation wants kept, within what its profile allows. No row: as the profile says.
CREATE TABLE content_setting (
  -- The organisation's.
  id uuid PRIMARY KEY REFERENCES organisation (id),
  payloads boolean NOT NULL,
  -- Of a thousand successful calls, how many are kept.
  sample_per_mille integer NOT NULL CHECK (sample_per_mille BETWEEN 0 AND 1000),
  failed_inputs boolean NOT NULL,
  updated_at timestamptz NOT NULL
);
CALL protect_tenant_table('content_setting', 'id');
CALL announce_changes_of('content_setting');
GRANT SELECT, INSERT, UPDATE ON content_setting TO lethe_app;
GRANT SELECT ON content_setting TO lethe_system;

-- A customer's leave to keep payloads for a while, to find out what goes wrong (C5).
CREATE TABLE troubleshooting_grant (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  scope text NOT NULL CHECK (scope IN ('organisation', 'project', 'key')),
  scope_id uuid NOT NULL,
  reason text NOT NULL CHECK (reason IN ('failing_calls', 'wrong_answers', 'slow_calls', 'integration', 'security')),
  -- A number in somebody's ticket system: its form leaves no room for a name or a sentence.
  ticket text CHECK (ticket ~ '^[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}$'),
  opened_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL CHECK (ends_at > opened_at AND ends_at <= opened_at + interval '7 days'),
  -- Once it is written down that it ended, by somebody or by time.
  closed_at timestamptz
);
CREATE INDEX troubleshooting_grant_by_organisation ON troubleshooting_grant (organisation_id, id);
CREATE INDEX troubleshooting_grant_open ON troubleshooting_grant (ends_at) WHERE closed_at IS NULL;
CALL protect_tenant_table('troubleshooting_grant', 'organisation_id');
CALL announce_changes_of('troubleshooting_grant');
GRANT SELECT, INSERT, UPDATE ON troubleshooting_grant TO lethe_app;
GRANT SELECT, UPDATE ON troubleshooting_grant TO lethe_system;

-- One row a call whose content is kept: by plan, of a call that failed, or under a troubleshooting grant. Three tables, because each is a data class
-- with a window of its own.
DO $$
DECLARE
  content_table text;
BEGIN
  FOREACH content_table IN ARRAY ARRAY['call_payload', 'call_failed_input', 'call_granted_content'] LOOP
    EXECUTE format($sql$
      CREATE TABLE %I (
        call_id uuid NOT NULL,
        expires_on date NOT NULL,
        organisation_id uuid NOT NULL,
        project_id uuid NOT NULL,
        key_id uuid NOT NULL,
        written_at timestamptz NOT NULL,
        -- Null but under a grant.
        grant_id uuid,
        key_version integer NOT NULL,
        -- Of what was said, before it was compressed and sealed. No answer: the call failed.
        request_bytes integer NOT NULL,
        answer_bytes integer,
        -- Whether more was said than is kept.
        request_cut boolean NOT NULL,
        answer_cut boolean NOT NULL,
        redacted boolean NOT NULL,
        -- Compressed and sealed, in chunks.
        sealed bytea NOT NULL,
        PRIMARY KEY (call_id, expires_on)
      ) PARTITION BY RANGE (expires_on)$sql$, content_table);
    -- It is compressed already, and noise.
    EXECUTE format('ALTER TABLE %I ALTER COLUMN sealed SET STORAGE EXTERNAL', content_table);
    EXECUTE format('CALL protect_tenant_table(%L, %L)', content_table, 'organisation_id');
    -- Whoever writes does so for several organisations at once, and reads nothing; whoever reads names the organisation.
    EXECUTE format('CREATE POLICY content_read ON %I FOR SELECT TO lethe_content USING (organisation_id = current_organisation())', content_table);
    EXECUTE format('CREATE POLICY content_write ON %I FOR INSERT TO lethe_content WITH CHECK (true)', content_table);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO lethe_content', content_table);
  END LOOP;
END
$$;
