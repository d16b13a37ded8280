-- Two roles stand between Lethe and its rows. Neither owns anything and neither can bypass row-level security (A3):
--   lethe_app     sees the rows of the organisation named in the transaction, and no others
--   lethe_system  sees all tenants: operators acting across organisations, workers, the ledger
-- A third, lethe_queue, sees the job queue's own schema and nothing here.
-- Roles belong to the whole cluster, so another database may have made them already, or be making them now.
DO $$
DECLARE
  role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['lethe_app', 'lethe_system', 'lethe_queue'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', role_name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, role_name, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', role_name);
    END IF;
  END LOOP;
END
$$;

GRANT USAGE ON SCHEMA public TO lethe_app, lethe_system;
-- A process that serves only has to see whether the schema is its own version's.
GRANT SELECT ON schema_migration TO lethe_system;

-- The organisation the current transaction acts for; null (so: no rows) when none was named.
CREATE FUNCTION current_organisation() RETURNS uuid
  LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT nullif(current_setting('lethe.organisation_id', true), '')::uuid $$;

-- Puts the two policies every tenant table has on one of them. `tenant` is the column that holds the organisation.
CREATE PROCEDURE protect_tenant_table(target regclass, tenant name)
  LANGUAGE plpgsql
  AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format(
    'CREATE POLICY tenant ON %s TO lethe_app USING (%I = current_organisation()) WITH CHECK (%I = current_organisation())',
    target, tenant, tenant);
  EXECUTE format('CREATE POLICY system ON %s TO lethe_system USING (true) WITH CHECK (true)', target);
END
$$;

-- A table only Lethe itself reads or writes.
CREATE PROCEDURE protect_system_table(target regclass)
  LANGUAGE plpgsql
  AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
  EXECUTE format('CREATE POLICY system ON %s TO lethe_system USING (true) WITH CHECK (true)', target);
END
$$;

-- Tells every replica which configuration row changed, when the change commits. The payload is "<table>:<id>": no data.
CREATE FUNCTION announce_change() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  PERFORM pg_notify('lethe_changes', TG_TABLE_NAME || ':' || coalesce(NEW.id, OLD.id));
  RETURN NULL;
END
$$;

CREATE PROCEDURE announce_changes_of(target regclass)
  LANGUAGE plpgsql
  AS $$
BEGIN
  EXECUTE format(
    'CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION announce_change()', target);
END
$$;

-- Partitions by expiry day, named `<table>_p<YYYYMMDD>` so that a purge finds them without looking inside. Making and dropping one
-- is the owner's right, lent through these functions to lethe_system and to nobody else.
CREATE FUNCTION create_expiry_partition(target regclass, day date) RETURNS boolean
  -- A lock that is not to be had is given up quickly, here as below: every insert would queue behind the wait for it.
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms'
  AS $$
DECLARE
  partition text := format('%s_p%s', (SELECT relname FROM pg_class WHERE oid = target), to_char(day, 'YYYYMMDD'));
BEGIN
  IF to_regclass(format('public.%I', partition)) IS NOT NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE TABLE public.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', partition, target, day, day + 1);
  RETURN true;
END
$$;

-- Drops the partitions of days before `today` and answers their names. It waits at most 200 ms for the lock it needs, so that calls
-- being recorded never queue behind it; a partition it could not lock is left for the next round.
CREATE FUNCTION drop_expired_partitions(target regclass, today date) RETURNS SETOF text
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms'
  AS $$
DECLARE
  prefix text := (SELECT relname FROM pg_class WHERE oid = target) || '_p';
  partition text;
BEGIN
  FOR partition IN
    SELECT child.relname
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = target
      AND child.relname ~ ('^' || prefix || '[0-9]{8}$')
      AND to_date(right(child.relname, 8), 'YYYYMMDD') < today
    ORDER BY child.relname
  LOOP
    BEGIN
      EXECUTE format('DROP TABLE public.%I', partition);
      RETURN NEXT partition;
    EXCEPTION WHEN lock_not_available THEN NULL;
    END;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION create_expiry_partition(regclass, date), drop_expired_partitions(regclass, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION create_expiry_partition(regclass, date), drop_expired_partitions(regclass, date) TO lethe_system;
