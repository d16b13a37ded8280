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
  CALL withhold_statistics(format('public.%I', partition)::regclass);
  RETURN true;
END
$$;
