DROP TRIGGER withhold_statistics ON legal_hold;
DROP FUNCTION withhold_statistics_of_held();
DROP FUNCTION rewrite_table(regclass, bigint);
DROP FUNCTION end_wal_file();

CREATE OR REPLACE FUNCTION create_expiry_partition(target regclass, day date) RETURNS boolean
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
DROP PROCEDURE withhold_statistics(regclass);

DO $$
DECLARE
  each record;
BEGIN
  FOR each IN
    SELECT attrelid::regclass AS relation, attname AS name, attnum AS number, relkind
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND attstattarget = 0 AND attnum > 0 AND NOT attisdropped
  LOOP
    IF each.relkind = 'i' THEN
      EXECUTE format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS -1', each.relation, each.number);
    ELSE
      EXECUTE format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STATISTICS -1', each.relation, each.name);
    END IF;
  END LOOP;
END
$$;
