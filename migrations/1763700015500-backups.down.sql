DROP TABLE erasure;
DROP TABLE backup;
DROP TABLE installation;
DO $$
DECLARE
  target regclass;
BEGIN
  FOR target IN
    SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  LOOP
    EXECUTE format('DROP POLICY IF EXISTS backup ON %s', target);
    EXECUTE format('REVOKE SELECT ON %s FROM lethe_backup', target);
  END LOOP;
END
$$;
DROP PROCEDURE admit_backups();
REVOKE USAGE ON SCHEMA public FROM lethe_backup;
-- The role stays: it belongs to the cluster, where another database may use it.
