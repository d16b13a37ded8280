-- What PostgreSQL keeps of rows that are gone (D2, D3): copies in the free space of their pages, samples in the statistics, records in the WAL.

-- ANALYZE keeps some of the values it meets, in a catalogue that no purge of ours reaches. No text, bytes, document or address is sampled: what is
-- found by one is found by an index, whose rows are unique or few.
CREATE PROCEDURE withhold_statistics(target regclass)
  LANGUAGE plpgsql
  AS $$
DECLARE
  sampled record;
  changes text := '';
BEGIN
  FOR sampled IN
    SELECT a.attrelid::regclass AS relation, a.attname AS name, a.attnum AS number, c.relkind = 'i' AS in_index
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_type e ON e.oid = t.typelem
    WHERE (a.attrelid = target OR a.attrelid IN (SELECT indexrelid FROM pg_index WHERE indrelid = target AND indexprs IS NOT NULL))
      AND a.attnum > 0 AND NOT a.attisdropped AND coalesce(a.attstattarget, -1) <> 0
      AND (t.typcategory IN ('S', 'I') OR t.typname IN ('bytea', 'json', 'jsonb') OR (t.typcategory = 'A' AND e.typcategory IN ('S', 'I')))
    ORDER BY a.attnum
  LOOP
    IF sampled.in_index THEN
      -- Only a column of an index that is an expression has statistics of its own.
      IF (SELECT indkey[sampled.number - 1] = 0 FROM pg_index WHERE indexrelid = sampled.relation) THEN
        EXECUTE format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS 0', sampled.relation, sampled.number);
      END IF;
    ELSE
      changes := changes || format(', ALTER COLUMN %I SET STATISTICS 0', sampled.name);
    END IF;
  END LOOP;
  IF changes <> '' THEN
    EXECUTE format('ALTER TABLE ONLY %s %s', target, substr(changes, 3));
  END IF;
END
$$;

-- As it was, and besides: what is in a partition is not sampled either. Partitions do not inherit that.
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

-- Nor what is kept aside for a legal hold: its place is made by the trigger before this one.
CREATE FUNCTION withhold_statistics_of_held() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  CALL withhold_statistics(format('public.held_row_%s', replace(NEW.id::text, '-', ''))::regclass);
  RETURN NULL;
END
$$;
CREATE TRIGGER withhold_statistics AFTER INSERT ON legal_hold FOR EACH ROW EXECUTE FUNCTION withhold_statistics_of_held();

-- Writes what is alive in a table, and its indexes, into fresh files, and drops the old ones with everything that was deleted or replaced. Nobody
-- reads or writes the table meanwhile; when it cannot be had within 200 ms it is left for another time. Null: it is larger than `most_bytes`.
CREATE FUNCTION rewrite_table(target regclass, most_bytes bigint) RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms'
  AS $$
BEGIN
  IF pg_total_relation_size(target) > most_bytes THEN
    RETURN NULL;
  END IF;
  EXECUTE format('CLUSTER %s USING %I', target,
    (SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = target AND i.indisprimary));
  RETURN true;
EXCEPTION WHEN lock_not_available THEN
  RETURN false;
END
$$;

-- Ends the WAL file that is being written, so that it goes with the checkpoints that follow and does not wait until it is full. False where the owner
-- of the schema may not: then the server's `archive_timeout` has to.
CREATE FUNCTION end_wal_file() RETURNS boolean
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
BEGIN
  PERFORM pg_switch_wal();
  RETURN true;
EXCEPTION WHEN insufficient_privilege OR object_not_in_prerequisite_state THEN
  RETURN false;
END
$$;

REVOKE ALL ON FUNCTION rewrite_table(regclass, bigint), end_wal_file(), withhold_statistics_of_held() FROM PUBLIC;
REVOKE ALL ON PROCEDURE withhold_statistics(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rewrite_table(regclass, bigint), end_wal_file() TO lethe_system;

DO $$
DECLARE
  each regclass;
BEGIN
  FOR each IN SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') LOOP
    CALL withhold_statistics(each);
  END LOOP;
END
$$;
