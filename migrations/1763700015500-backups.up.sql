-- Backups (D4). They are read as a role of their own, which may read every table and change none: the one that reads content does not see people,
-- and the one that sees people does not read content (C3), but a backup holds both.
DO $$
BEGIN
  BEGIN
    CREATE ROLE lethe_backup NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE;
  EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
  END;
  IF NOT pg_has_role(current_user, 'lethe_backup', 'MEMBER') THEN
    GRANT lethe_backup TO CURRENT_USER;
  END IF;
END
$$;
GRANT USAGE ON SCHEMA public TO lethe_backup;

-- Opens every table to that role. Called after each migration, for the tables it made; a table that was missed stops the next backup.
CREATE PROCEDURE admit_backups()
  LANGUAGE plpgsql
  AS $$
DECLARE
  target regclass;
BEGIN
  FOR target IN
    SELECT c.oid FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      AND (NOT has_table_privilege('lethe_backup', c.oid, 'SELECT')
        OR (c.relrowsecurity AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = 'backup')))
  LOOP
    EXECUTE format('GRANT SELECT ON %s TO lethe_backup', target);
    IF (SELECT relrowsecurity FROM pg_class WHERE oid = target) THEN
      EXECUTE format('DROP POLICY IF EXISTS backup ON %s', target);
      EXECUTE format('CREATE POLICY backup ON %s FOR SELECT TO lethe_backup USING (true)', target);
    END IF;
  END LOOP;
END
$$;

-- Which installation this is: goes along in its backups, so that those of another are told apart. One row.
CREATE TABLE installation (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  installation_id uuid NOT NULL,
  -- The backup this database was made from, if it was.
  restored_backup uuid,
  restored_at timestamptz,
  -- Erasures made since that backup have to be done again, and nothing is served before.
  replay_due boolean NOT NULL DEFAULT false
);
INSERT INTO installation (installation_id) VALUES (gen_random_uuid());

-- The catalogue. What counts is what the blob store holds: rows of backups made after the one that was restored are made again from there.
CREATE TABLE backup (
  id uuid PRIMARY KEY,
  kind text NOT NULL CHECK (kind IN ('data', 'keys')),
  state text NOT NULL CHECK (state IN ('running', 'complete', 'failed', 'deleted')),
  taken_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  row_count bigint,
  bytes bigint,
  -- The code of an error.
  failure text,
  verified_at timestamptz,
  sound boolean,
  deleted_at timestamptz
);
CREATE INDEX backup_by_time ON backup (taken_at);

-- What a restore must not undo. `copied_as` names the object of the blob store that holds it too.
CREATE TABLE erasure (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 100),
  subject_id text NOT NULL CHECK (length(subject_id) BETWEEN 1 AND 200),
  detail jsonb NOT NULL CHECK (jsonb_typeof(detail) = 'object'),
  recorded_at timestamptz NOT NULL,
  copied_as text,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE INDEX erasure_not_copied ON erasure (id) WHERE copied_as IS NULL;

CALL protect_system_table('installation');
CALL protect_system_table('backup');
ALTER TABLE erasure ENABLE ROW LEVEL SECURITY;
ALTER TABLE erasure FORCE ROW LEVEL SECURITY;
-- Whoever may erase may say so, and read nothing back.
CREATE POLICY erasure_record ON erasure FOR INSERT TO lethe_app WITH CHECK (true);
CREATE POLICY system ON erasure TO lethe_system USING (true) WITH CHECK (true);
GRANT SELECT, UPDATE (replay_due) ON installation TO lethe_system;
GRANT SELECT, INSERT, UPDATE ON backup TO lethe_system;
GRANT INSERT ON erasure TO lethe_app;
GRANT SELECT, INSERT, UPDATE (copied_as) ON erasure TO lethe_system;

CALL admit_backups();
