-- Of two that make the same day's partition at once the later finds it made. Each waits for the other's table lock, and PostgreSQL looks for the name once more
-- behind it: as a table, or as an entry of the catalogue.
CREATE OR REPLACE FUNCTION create_expiry_partition(target regclass, day date) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms'
  AS $$
DECLARE
  partition text := format('%s_p%s', (SELECT relname FROM pg_class WHERE oid = target), to_char(day, 'YYYYMMDD'));
BEGIN
  IF to_regclass(format('public.%I', partition)) IS NOT NULL THEN
    RETURN false;
  END IF;
  BEGIN
    EXECUTE format('CREATE TABLE public.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)', partition, target, day, day + 1);
  EXCEPTION WHEN duplicate_table OR unique_violation THEN
    RETURN false;
  END;
  CALL withhold_statistics(format('public.%I', partition)::regclass);
  RETURN true;
END
$$;
