DROP TRIGGER refuse_held ON organisation;
DROP TRIGGER refuse_held ON account;
DROP TRIGGER keep_held ON key_habit;
DROP TRIGGER keep_held ON external_identity;
DROP TRIGGER keep_held ON invitation;
DROP TRIGGER keep_held ON membership;
DROP TRIGGER keep_held ON account_session;
DROP FUNCTION refuse_deletion_of_held();
DROP FUNCTION keep_held_row();
DROP FUNCTION earliest_moment(regclass, name);
DROP FUNCTION oldest_filed(regclass);
DROP FUNCTION refile_rows(regclass, date, uuid, integer, date, timestamptz, bigint);
DROP FUNCTION drop_held_rows(uuid);
DROP FUNCTION drop_expired_partitions(regclass, date);
DROP FUNCTION measure_partition(regclass);
DROP FUNCTION count_held_rows(regclass, date);
DROP FUNCTION copy_held_rows(regclass, date, bigint);

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
REVOKE ALL ON FUNCTION drop_expired_partitions(regclass, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION drop_expired_partitions(regclass, date) TO lethe_system;

DROP TABLE filed_window;
DROP TABLE retention_store;
DROP TABLE retention_progress;
DROP TABLE retention_receipt;
DROP TABLE expiring_table;
DROP TABLE held_row;
DROP TABLE legal_hold;
DROP FUNCTION legal_hold_stays();
DROP FUNCTION legal_hold_only_ends();
DROP FUNCTION make_room_for_hold();
DROP FUNCTION await_holds(boolean);
