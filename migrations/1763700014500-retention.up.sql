-- Legal holds (D5), and what is remembered of purges (D2).

-- What must not be deleted, and for which matter. A row is covered when it names all that the hold names: the organisation, the account, a
-- class, a moment of writing within the range.
CREATE TABLE legal_hold (
  id uuid PRIMARY KEY,
  -- A number in somebody's register: its form leaves no room for a name or a sentence.
  matter text NOT NULL CHECK (matter ~ '^[A-Za-z0-9][A-Za-z0-9._/#-]{0,39}$'),
  reason text NOT NULL CHECK (reason IN ('litigation', 'regulatory_inquiry', 'law_enforcement', 'internal_investigation', 'contract_dispute')),
  organisation_id uuid,
  account_id uuid,
  data_classes text[] NOT NULL CHECK (cardinality(data_classes) > 0),
  -- Rows written from and before these moments; null: no limit.
  from_at timestamptz,
  to_at timestamptz,
  -- Operators. No foreign keys: a hold that is placed again on a restored database may be older than the operators there.
  placed_by uuid NOT NULL,
  placed_at timestamptz NOT NULL,
  release_requested_by uuid,
  release_requested_at timestamptz,
  released_by uuid,
  released_at timestamptz,
  -- When the rows that were kept aside for it were gone.
  emptied_at timestamptz,
  CONSTRAINT legal_hold_names_somebody CHECK (organisation_id IS NOT NULL OR account_id IS NOT NULL),
  CHECK (from_at < to_at),
  CHECK ((release_requested_by IS NULL) = (release_requested_at IS NULL)),
  CHECK ((released_by IS NULL) = (released_at IS NULL)),
  CHECK (released_by IS NULL OR release_requested_by IS NOT NULL),
  CHECK (emptied_at IS NULL OR released_at IS NOT NULL),
  -- Four eyes.
  CONSTRAINT legal_hold_released_by_another CHECK (released_by <> release_requested_by)
);
CREATE INDEX legal_hold_by_organisation ON legal_hold (organisation_id, id);
CREATE INDEX legal_hold_in_force ON legal_hold (id) WHERE released_at IS NULL;
CREATE INDEX legal_hold_to_empty ON legal_hold (id) WHERE released_at IS NOT NULL AND emptied_at IS NULL;

CALL protect_tenant_table('legal_hold', 'organisation_id');
-- The functions below run as the owner, whom these tables' policies would leave in the dark: a hold that is not seen protects nothing.
CREATE POLICY keeper ON legal_hold TO CURRENT_USER USING (true);
GRANT SELECT ON legal_hold TO lethe_app;
GRANT SELECT, INSERT, UPDATE (release_requested_by, release_requested_at, released_by, released_at, emptied_at), DELETE ON legal_hold TO lethe_system;

-- Rows that were due while a hold covered them, one copy for each hold, in a partition of the hold's own that is dropped when it is released.
CREATE TABLE held_row (
  hold_id uuid NOT NULL,
  -- The table it is from.
  source text NOT NULL,
  -- SHA-256 of what is kept: a row that is copied twice is there once.
  digest bytea NOT NULL CHECK (octet_length(digest) = 32),
  data_class text NOT NULL,
  organisation_id uuid,
  account_id uuid,
  written_at timestamptz,
  -- By the database's clock: for people, nothing is decided by it.
  moved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  kept jsonb NOT NULL,
  PRIMARY KEY (hold_id, source, digest)
) PARTITION BY LIST (hold_id);

CALL protect_system_table('held_row');
CREATE POLICY keeper ON held_row TO CURRENT_USER USING (true) WITH CHECK (true);
GRANT SELECT ON held_row TO lethe_system;

-- What the functions must know of an expiring table: written from the modules' declarations by each round of retention.
CREATE TABLE expiring_table (
  name text PRIMARY KEY,
  -- Null: of no class that a hold can name.
  data_class text,
  organisation_column name,
  account_column name,
  written_column name
);

CALL protect_system_table('expiring_table');
CREATE POLICY keeper ON expiring_table TO CURRENT_USER USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON expiring_table TO lethe_system;

-- One receipt for each run that removed or moved something, and one a day for each store. Each is also an audit event.
CREATE TABLE retention_receipt (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  store text NOT NULL,
  action text NOT NULL CHECK (action IN ('purged', 'refiled', 'swept', 'released')),
  data_class text NOT NULL,
  -- What expired before this moment is gone.
  cut_off timestamptz NOT NULL,
  partitions integer NOT NULL,
  rows bigint NOT NULL,
  -- Whether the rows were counted, or estimated from the size.
  rows_exact boolean NOT NULL,
  bytes bigint,
  -- Rows kept aside for legal holds.
  held bigint NOT NULL,
  began_at timestamptz NOT NULL,
  duration_ms bigint NOT NULL,
  oldest_written_at timestamptz,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);
CREATE INDEX retention_receipt_by_store ON retention_receipt (store, id);

CALL protect_system_table('retention_receipt');
GRANT SELECT, INSERT ON retention_receipt TO lethe_system;

-- What a run has done and has no receipt for yet: committed with each of its steps, so that a run that is killed is accounted for by the next.
CREATE TABLE retention_progress (
  store text NOT NULL,
  action text NOT NULL,
  data_class text NOT NULL,
  cut_off timestamptz NOT NULL,
  partitions integer NOT NULL,
  rows bigint NOT NULL,
  rows_exact boolean NOT NULL,
  bytes bigint,
  held bigint NOT NULL,
  began_at timestamptz NOT NULL,
  PRIMARY KEY (store, action)
);

-- When each store last had a receipt and an alarm.
CREATE TABLE retention_store (
  store text PRIMARY KEY,
  receipt_on date,
  alarm_on date
);

-- The windows each organisation's rows are filed by, days by class. The nil UUID stands for what belongs to no organisation.
CREATE TABLE filed_window (
  organisation_id uuid PRIMARY KEY,
  days jsonb NOT NULL,
  -- Looked at once more then: a replica may have filed by the old windows for a while after they changed.
  recheck_at timestamptz
);

CALL protect_system_table('retention_progress');
CALL protect_system_table('retention_store');
CALL protect_system_table('filed_window');
GRANT SELECT, INSERT, UPDATE, DELETE ON retention_progress, retention_store, filed_window TO lethe_system;

-- Held by whoever deletes, shared, and by whoever places a hold, alone: no deletion that began without a hold ends after it was placed.
CREATE FUNCTION await_holds(alone boolean) RETURNS void
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF alone THEN
    PERFORM pg_advisory_xact_lock(hashtext('lethe'), hashtext('legal_hold'));
  ELSE
    PERFORM pg_advisory_xact_lock_shared(hashtext('lethe'), hashtext('legal_hold'));
  END IF;
END
$$;

-- A hold gets its place, and a copy of what other holds have kept of its scope: the tables have it no more.
CREATE FUNCTION make_room_for_hold() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  place text := 'held_row_' || replace(NEW.id::text, '-', '');
BEGIN
  PERFORM await_holds(true);
  EXECUTE format('CREATE TABLE public.%I PARTITION OF held_row FOR VALUES IN (%L)', place, NEW.id);
  EXECUTE format(
    'INSERT INTO public.%I (hold_id, source, digest, data_class, organisation_id, account_id, written_at, kept)
     SELECT DISTINCT ON (source, digest) $1, source, digest, data_class, organisation_id, account_id, written_at, kept FROM held_row
     WHERE hold_id <> $1 AND data_class = ANY ($2) AND ($3 IS NULL OR organisation_id = $3) AND ($4 IS NULL OR account_id = $4)
       AND ($5 IS NULL OR written_at >= $5) AND ($6 IS NULL OR written_at < $6)', place)
  USING NEW.id, NEW.data_classes, NEW.organisation_id, NEW.account_id, NEW.from_at, NEW.to_at;
  RETURN NULL;
END
$$;
CREATE TRIGGER make_room AFTER INSERT ON legal_hold FOR EACH ROW EXECUTE FUNCTION make_room_for_hold();

-- A release is never taken back, and nobody rewrites who asked for it once somebody has agreed.
CREATE FUNCTION legal_hold_only_ends() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF OLD.released_at IS NOT NULL AND
    (NEW.released_at, NEW.released_by, NEW.release_requested_by) IS DISTINCT FROM (OLD.released_at, OLD.released_by, OLD.release_requested_by)
  THEN
    RAISE EXCEPTION 'a legal hold that was released stays so' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER only_ends BEFORE UPDATE ON legal_hold FOR EACH ROW EXECUTE FUNCTION legal_hold_only_ends();

CREATE FUNCTION legal_hold_stays() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF OLD.emptied_at IS NULL THEN
    RAISE EXCEPTION 'a legal hold is released, not deleted' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER stays BEFORE DELETE ON legal_hold FOR EACH ROW EXECUTE FUNCTION legal_hold_stays();

-- Copies up to `most` rows of an expiring table's day into the places of the holds that cover them, and answers how many. Null: all of them.
CREATE FUNCTION copy_held_rows(target regclass, day date, most bigint) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  parent text := (SELECT relname FROM pg_class WHERE oid = target);
  known expiring_table;
  hold legal_hold;
  place text;
  copied bigint;
  total bigint := 0;
BEGIN
  PERFORM await_holds(false);
  IF NOT EXISTS (SELECT FROM legal_hold WHERE released_at IS NULL) THEN
    RETURN 0;
  END IF;
  SELECT * INTO known FROM expiring_table WHERE name = parent;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'whether a legal hold covers rows of % is unknown', parent;
  END IF;
  FOR hold IN
    SELECT * FROM legal_hold
    WHERE released_at IS NULL AND known.data_class = ANY (data_classes)
      AND (organisation_id IS NULL OR known.organisation_column IS NOT NULL)
      AND (account_id IS NULL OR known.account_column IS NOT NULL)
    ORDER BY id
  LOOP
    place := 'held_row_' || replace(hold.id::text, '-', '');
    EXECUTE format(
      'INSERT INTO public.%1$I (hold_id, source, digest, data_class, organisation_id, account_id, written_at, kept)
       SELECT $1, $2, r.digest, $3, %3$s, %4$s, %5$s, r.kept
       FROM (SELECT t.*, to_jsonb(t) AS kept, sha256(convert_to(to_jsonb(t)::text, ''UTF8'')) AS digest FROM public.%2$I t
             WHERE ($4 IS NULL OR %3$s = $4) AND ($5 IS NULL OR %4$s = $5) AND ($6 IS NULL OR %5$s >= $6) AND ($7 IS NULL OR %5$s < $7)) r
       WHERE NOT EXISTS (SELECT FROM public.%1$I h WHERE h.source = $2 AND h.digest = r.digest)
       LIMIT $8 ON CONFLICT DO NOTHING',
      place, format('%s_p%s', parent, to_char(day, 'YYYYMMDD')),
      coalesce(quote_ident(known.organisation_column), 'NULL::uuid'), coalesce(quote_ident(known.account_column), 'NULL::uuid'),
      coalesce(quote_ident(known.written_column), 'NULL::timestamptz'))
    USING hold.id, parent, known.data_class, hold.organisation_id, hold.account_id, hold.from_at, hold.to_at, most - total;
    GET DIAGNOSTICS copied = ROW_COUNT;
    total := total + copied;
    EXIT WHEN total >= most;
  END LOOP;
  RETURN total;
END
$$;

-- How many copies of rows of a day the holds in force would have kept.
CREATE FUNCTION count_held_rows(target regclass, day date) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  parent text := (SELECT relname FROM pg_class WHERE oid = target);
  known expiring_table;
  hold legal_hold;
  covered bigint;
  total bigint := 0;
BEGIN
  SELECT * INTO known FROM expiring_table WHERE name = parent;
  FOR hold IN
    SELECT * FROM legal_hold
    WHERE released_at IS NULL AND known.data_class = ANY (data_classes)
      AND (organisation_id IS NULL OR known.organisation_column IS NOT NULL)
      AND (account_id IS NULL OR known.account_column IS NOT NULL)
  LOOP
    EXECUTE format('SELECT count(*) FROM public.%I WHERE ($1 IS NULL OR %s = $1) AND ($2 IS NULL OR %s = $2) AND ($3 IS NULL OR %4$s >= $3) AND ($4 IS NULL OR %4$s < $4)',
      format('%s_p%s', parent, to_char(day, 'YYYYMMDD')), coalesce(quote_ident(known.organisation_column), 'NULL::uuid'),
      coalesce(quote_ident(known.account_column), 'NULL::uuid'), coalesce(quote_ident(known.written_column), 'NULL::timestamptz'))
    INTO covered USING hold.organisation_id, hold.account_id, hold.from_at, hold.to_at;
    total := total + covered;
  END LOOP;
  RETURN total;
END
$$;

-- How much a partition holds, at a cost that does not grow with it: rows are counted in its first 128 pages and, past them, estimated from those.
CREATE FUNCTION measure_partition(partition regclass, OUT rows bigint, OUT rows_exact boolean, OUT bytes bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  pages bigint := pg_relation_size(partition) / current_setting('block_size')::bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM %s WHERE ctid < ''(128,0)''', partition) INTO rows;
  rows_exact := pages <= 128;
  IF NOT rows_exact THEN
    rows := rows * pages / 128;
  END IF;
  bytes := pg_total_relation_size(partition);
END
$$;

-- As it was, and besides: what a hold covers is copied in the transaction that drops, and cannot be dropped without. Answers what it dropped.
DROP FUNCTION drop_expired_partitions(regclass, date);
CREATE FUNCTION drop_expired_partitions(target regclass, today date)
  RETURNS TABLE (name text, rows bigint, rows_exact boolean, bytes bigint, held bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms'
  AS $$
#variable_conflict use_variable
DECLARE
  prefix text := (SELECT relname FROM pg_class WHERE oid = target) || '_p';
BEGIN
  FOR name IN
    SELECT child.relname
    FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = target
      AND child.relname ~ ('^' || prefix || '[0-9]{8}$')
      AND to_date(right(child.relname, 8), 'YYYYMMDD') < today
    ORDER BY child.relname
  LOOP
    BEGIN
      PERFORM await_holds(false);
      held := 0;
      IF EXISTS (SELECT FROM legal_hold h WHERE h.released_at IS NULL) THEN
        -- Readers go on; nothing can be added that would not be copied.
        EXECUTE format('LOCK TABLE public.%I IN SHARE ROW EXCLUSIVE MODE', name);
        held := copy_held_rows(target, to_date(right(name, 8), 'YYYYMMDD'), NULL);
      END IF;
      SELECT m.rows, m.rows_exact, m.bytes INTO rows, rows_exact, bytes FROM measure_partition(format('public.%I', name)::regclass) m;
      EXECUTE format('DROP TABLE public.%I', name);
      RETURN NEXT;
    EXCEPTION WHEN lock_not_available THEN NULL;
    END;
  END LOOP;
END
$$;

-- Drops what was kept aside for a hold that was released; false: it is in use.
CREATE FUNCTION drop_held_rows(hold uuid, OUT dropped boolean, OUT rows bigint, OUT rows_exact boolean, OUT bytes bigint)
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms'
  AS $$
DECLARE
  place text := 'held_row_' || replace(hold::text, '-', '');
BEGIN
  dropped := false;
  IF NOT EXISTS (SELECT FROM legal_hold WHERE id = hold AND released_at IS NOT NULL) THEN
    RAISE EXCEPTION 'the hold is in force';
  END IF;
  IF to_regclass(format('public.%I', place)) IS NULL THEN
    SELECT true, 0, true, 0 INTO dropped, rows, rows_exact, bytes;
    RETURN;
  END IF;
  SELECT m.rows, m.rows_exact, m.bytes INTO rows, rows_exact, bytes FROM measure_partition(format('public.%I', place)::regclass) m;
  EXECUTE format('DROP TABLE public.%I', place);
  dropped := true;
EXCEPTION WHEN lock_not_available THEN dropped := false;
END
$$;

-- Files up to `most` rows of one day anew that are kept longer than `days` after they were written, and answers how many: those that are overdue
-- under yesterday, whose partition goes with the next drop. A row written in the future counts from today. Never files anything later.
-- `whose`: the organisation's, the nil UUID for rows of none, null for all. Rows written after `settled` are left alone: who wrote them may still
-- look for them under their day. From partition to partition, where no policy hides a row from the owner.
CREATE FUNCTION refile_rows(target regclass, day date, whose uuid, days integer, today date, settled timestamptz, most bigint) RETURNS bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET lock_timeout = '200ms'
  AS $$
DECLARE
  parent text := (SELECT relname FROM pg_class WHERE oid = target);
  none constant uuid := '00000000-0000-0000-0000-000000000000';
  known expiring_table;
  due text;
  late text;
  spots tid[];
  days_due date[];
  each date;
  columns text;
  moved bigint;
  total bigint := 0;
BEGIN
  SELECT * INTO STRICT known FROM expiring_table WHERE name = parent;
  due := format('greatest(least(%s, $1) + $2, $1 - 1)',
    CASE WHEN known.written_column IS NULL THEN '$1' ELSE format('(%I AT TIME ZONE ''UTC'')::date', known.written_column) END);
  late := CASE
    WHEN whose IS NULL OR (known.organisation_column IS NULL AND whose = none) THEN 'true'
    WHEN known.organisation_column IS NULL THEN 'false'
    WHEN whose = none THEN format('%I IS NULL', known.organisation_column)
    ELSE format('%I = $3', known.organisation_column)
  END;
  IF known.written_column IS NOT NULL THEN
    late := late || format(' AND (%1$I < $5 OR %1$I >= ($1 + 1)::timestamp AT TIME ZONE ''UTC'')', known.written_column);
  END IF;
  EXECUTE format(
    'SELECT array_agg(spot), array_agg(DISTINCT due)
     FROM (SELECT ctid AS spot, %1$s AS due FROM public.%2$I WHERE %3$s AND expires_on > %1$s LIMIT $4) found',
    due, format('%s_p%s', parent, to_char(day, 'YYYYMMDD')), late)
  INTO spots, days_due USING today, days, whose, most, settled;
  IF spots IS NULL THEN
    RETURN 0;
  END IF;
  SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
  FROM pg_attribute WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'expires_on';
  FOREACH each IN ARRAY days_due LOOP
    PERFORM create_expiry_partition(target, each);
    EXECUTE format(
      'WITH gone AS (DELETE FROM public.%1$I WHERE ctid = ANY ($6) AND %2$s = $7 RETURNING *)
       INSERT INTO public.%3$I (expires_on, %4$s) OVERRIDING SYSTEM VALUE SELECT $7, %4$s FROM gone',
      format('%s_p%s', parent, to_char(day, 'YYYYMMDD')), due, format('%s_p%s', parent, to_char(each, 'YYYYMMDD')), columns)
    USING today, days, whose, most, settled, spots, each;
    GET DIAGNOSTICS moved = ROW_COUNT;
    total := total + moved;
  END LOOP;
  RETURN total;
END
$$;

-- The first day, by expiry, that rows of an expiring table stand under, and when the oldest of them was written (null where no column says so).
CREATE FUNCTION oldest_filed(target regclass, OUT day date, OUT written_at timestamptz)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  parent text := (SELECT relname FROM pg_class WHERE oid = target);
  written name := (SELECT written_column FROM expiring_table WHERE name = parent);
  partition text;
  occupied boolean;
BEGIN
  FOR partition IN
    SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent = target AND child.relname ~ ('^' || parent || '_p[0-9]{8}$') ORDER BY child.relname
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', partition) INTO occupied;
    CONTINUE WHEN NOT occupied;
    day := to_date(right(partition, 8), 'YYYYMMDD');
    IF written IS NOT NULL THEN
      EXECUTE format('SELECT min(%I) FROM public.%I', written, partition) INTO written_at;
    END IF;
    RETURN;
  END LOOP;
END
$$;

-- The earliest moment in a column of any table.
CREATE FUNCTION earliest_moment(target regclass, moment name) RETURNS timestamptz
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  earliest timestamptz;
BEGIN
  EXECUTE format('SELECT min(%I)::timestamptz FROM %s', moment, target) INTO earliest;
  RETURN earliest;
END
$$;

REVOKE ALL ON FUNCTION copy_held_rows(regclass, date, bigint), count_held_rows(regclass, date), measure_partition(regclass), drop_expired_partitions(regclass, date),
  drop_held_rows(uuid), refile_rows(regclass, date, uuid, integer, date, timestamptz, bigint), oldest_filed(regclass),
  earliest_moment(regclass, name), make_room_for_hold() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION copy_held_rows(regclass, date, bigint), count_held_rows(regclass, date), measure_partition(regclass), drop_expired_partitions(regclass, date),
  drop_held_rows(uuid), refile_rows(regclass, date, uuid, integer, date, timestamptz, bigint), oldest_filed(regclass),
  earliest_moment(regclass, name) TO lethe_system;

-- For tables whose rows are deleted one by one, by a sweep or by whoever they belong to: a row that a hold covers is copied before it goes.
-- Arguments: class, organisation column, account column, column of the moment it was written; '' for none.
CREATE FUNCTION keep_held_row() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  kept jsonb;
  organisation uuid;
  account uuid;
  written timestamptz;
  hold uuid;
BEGIN
  PERFORM await_holds(false);
  IF NOT EXISTS (SELECT FROM legal_hold WHERE released_at IS NULL AND TG_ARGV[0] = ANY (data_classes)) THEN
    RETURN OLD;
  END IF;
  kept := to_jsonb(OLD);
  organisation := (kept ->> nullif(TG_ARGV[1], ''))::uuid;
  account := (kept ->> nullif(TG_ARGV[2], ''))::uuid;
  written := (kept ->> nullif(TG_ARGV[3], ''))::timestamptz;
  FOR hold IN
    SELECT h.id FROM legal_hold h
    WHERE h.released_at IS NULL AND TG_ARGV[0] = ANY (h.data_classes)
      AND (h.organisation_id IS NULL OR h.organisation_id = organisation) AND (h.account_id IS NULL OR h.account_id = account)
      AND (h.from_at IS NULL OR written >= h.from_at) AND (h.to_at IS NULL OR written < h.to_at)
  LOOP
    EXECUTE format('INSERT INTO public.%I (hold_id, source, digest, data_class, organisation_id, account_id, written_at, kept)
      VALUES ($1, $2, sha256(convert_to($3::text, ''UTF8'')), $4, $5, $6, $7, $3) ON CONFLICT DO NOTHING', 'held_row_' || replace(hold::text, '-', ''))
    USING hold, TG_TABLE_NAME, kept, TG_ARGV[0], organisation, account, written;
  END LOOP;
  RETURN OLD;
END
$$;

CREATE TRIGGER keep_held BEFORE DELETE ON account_session
  FOR EACH ROW EXECUTE FUNCTION keep_held_row('security_log', '', 'account_id', 'created_at');
CREATE TRIGGER keep_held BEFORE DELETE ON membership
  FOR EACH ROW EXECUTE FUNCTION keep_held_row('account_profile', 'organisation_id', 'account_id', 'created_at');
CREATE TRIGGER keep_held BEFORE DELETE ON invitation
  FOR EACH ROW EXECUTE FUNCTION keep_held_row('account_profile', 'organisation_id', '', 'created_at');
CREATE TRIGGER keep_held BEFORE DELETE ON external_identity
  FOR EACH ROW EXECUTE FUNCTION keep_held_row('account_profile', '', 'account_id', '');
CREATE TRIGGER keep_held BEFORE DELETE ON key_habit
  FOR EACH ROW EXECUTE FUNCTION keep_held_row('usage_aggregate', 'organisation_id', '', 'hour');

-- What cannot be kept aside, because all else hangs on it, is not deleted while a hold names it, whoever tries. Arguments: the columns, as above.
CREATE FUNCTION refuse_deletion_of_held() RETURNS trigger
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  organisation uuid := (to_jsonb(OLD) ->> nullif(TG_ARGV[0], ''))::uuid;
  account uuid := (to_jsonb(OLD) ->> nullif(TG_ARGV[1], ''))::uuid;
BEGIN
  PERFORM await_holds(false);
  IF EXISTS (SELECT FROM legal_hold h WHERE h.released_at IS NULL AND (h.organisation_id = organisation OR h.account_id = account)) THEN
    RAISE EXCEPTION 'a legal hold names it' USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN OLD;
END
$$;

CREATE TRIGGER refuse_held BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_held('', 'id');
CREATE TRIGGER refuse_held BEFORE DELETE ON organisation FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_held('id', '');
REVOKE ALL ON FUNCTION keep_held_row(), refuse_deletion_of_held() FROM PUBLIC;
