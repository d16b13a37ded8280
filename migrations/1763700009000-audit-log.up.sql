-- The transparency log over audit_event (O6, RFC 6962). Appending an event stays the one insert it was: the two columns fill themselves.
--   recorded_in  the transaction that wrote the row, by which the sequencer tells what has been committed since it last looked
--   nonce        makes the leaf hash of an expired event say nothing, however few values the event could have had
ALTER TABLE audit_event
  ADD COLUMN recorded_in xid8 NOT NULL DEFAULT pg_current_xact_id(),
  -- 244 random bits: two UUIDs of version 4 from the server's strong generator, folded into 32 bytes.
  ADD COLUMN nonce bytea NOT NULL DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));

CREATE INDEX audit_event_by_transaction ON audit_event (recorded_in, id);

-- Events of transactions that `seen` does not see, behind the one named, in the order of their transactions, at most `most`. A function, so
-- that the plan over all partitions is made once in a session and not at every look; and made for the index, whatever is in them then.
CREATE FUNCTION pending_audit_events(seen pg_snapshot, after_transaction xid8, after_id uuid, most int) RETURNS SETOF audit_event
  LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan SET enable_seqscan = off
  AS $$
BEGIN
  RETURN QUERY
    SELECT e.* FROM audit_event e
    WHERE (e.recorded_in, e.id) > (after_transaction, after_id)
      AND (e.recorded_in >= pg_snapshot_xmax(seen) OR e.recorded_in = ANY (ARRAY(SELECT pg_snapshot_xip(seen))))
    ORDER BY e.recorded_in, e.id LIMIT most;
END
$$;
REVOKE ALL ON FUNCTION pending_audit_events(pg_snapshot, xid8, uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pending_audit_events(pg_snapshot, xid8, uuid, int) TO lethe_system;

-- Where an event stands in the log. Leaves with the event; the leaf's hash, in audit_tile, stays.
CREATE TABLE audit_position (
  event_id uuid NOT NULL,
  expires_on date NOT NULL,
  organisation_id uuid,
  leaf_index bigint NOT NULL,
  -- Which event of its organisation this is, from 1 and without gaps: what shows that none was left out.
  number bigint NOT NULL,
  PRIMARY KEY (event_id, expires_on)
) PARTITION BY RANGE (expires_on);

CREATE INDEX audit_position_by_leaf ON audit_position (leaf_index);
CREATE INDEX audit_position_by_number ON audit_position (organisation_id, number);

ALTER TABLE audit_position ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_position FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads ON audit_position FOR SELECT TO lethe_app USING (organisation_id = current_organisation());
CREATE POLICY system ON audit_position TO lethe_system USING (true) WITH CHECK (true);
GRANT SELECT ON audit_position TO lethe_app;
GRANT SELECT, INSERT ON audit_position TO lethe_system;

-- How many events each organisation has had. The installation's own are counted under the nil UUID.
CREATE TABLE audit_count (
  organisation_id uuid PRIMARY KEY,
  events bigint NOT NULL
);

-- The hashes of the tree in tiles of up to 256, as C2SP tlog-tiles cuts it: level 0 holds leaf hashes, each hash of level n the root of
-- a full tile of level n - 1. Some 32 bytes a leaf, for ever.
CREATE TABLE audit_tile (
  level smallint NOT NULL,
  position bigint NOT NULL,
  hashes bytea NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  PRIMARY KEY (level, position)
);
-- Hashes do not compress.
ALTER TABLE audit_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

-- Finds a leaf by the first eight bytes of its hash; the tile says whether it is the one.
CREATE TABLE audit_leaf (
  prefix bigint NOT NULL,
  leaf_index bigint NOT NULL,
  PRIMARY KEY (prefix, leaf_index)
);

-- One row: how far the log is. `seen` is the snapshot whose events are all in the tree. `cluster` names the server whose transaction
-- numbers `seen` speaks of; after a restore on another one they mean nothing, and everything is looked at again.
CREATE TABLE audit_tree (
  id boolean PRIMARY KEY DEFAULT true CHECK (id),
  size bigint NOT NULL,
  seen pg_snapshot NOT NULL,
  cluster bigint NOT NULL
);
INSERT INTO audit_tree (size, seen, cluster) VALUES (0, '1:1:', 0);

CREATE TABLE audit_checkpoint (
  size bigint PRIMARY KEY CHECK (size > 0),
  root bytea NOT NULL CHECK (length(root) = 32),
  note text NOT NULL,
  signed_at timestamptz NOT NULL
);

-- The public halves of the keys that have signed.
CREATE TABLE audit_log_key (
  verifier_key text PRIMARY KEY,
  first_used_at timestamptz NOT NULL
);

-- Up to which checkpoint each destination has them.
CREATE TABLE audit_publication (
  destination text PRIMARY KEY,
  size bigint NOT NULL,
  published_at timestamptz NOT NULL,
  failing_since timestamptz,
  failure text
);

CALL protect_system_table('audit_count');
CALL protect_system_table('audit_tile');
CALL protect_system_table('audit_leaf');
CALL protect_system_table('audit_tree');
CALL protect_system_table('audit_checkpoint');
CALL protect_system_table('audit_log_key');
CALL protect_system_table('audit_publication');
GRANT SELECT, INSERT ON audit_leaf, audit_checkpoint, audit_log_key TO lethe_system;
GRANT SELECT, INSERT, UPDATE ON audit_count, audit_tile, audit_publication TO lethe_system;
GRANT SELECT, UPDATE ON audit_tree TO lethe_system;

-- What is written stays written: a tile is only appended to, and a count only rises. Whoever owns the tables can take this away; the
-- checkpoints that others keep are what shows it.
CREATE FUNCTION refuse_audit_rewrite() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  -- One after the other: the rows of the two tables have no column in common.
  IF TG_TABLE_NAME = 'audit_tile' THEN
    IF (NEW.level, NEW.position, substr(NEW.hashes, 1, length(OLD.hashes))) = (OLD.level, OLD.position, OLD.hashes) THEN
      RETURN NEW;
    END IF;
  ELSIF NEW.size >= OLD.size THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the audit log only grows' USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER grows BEFORE UPDATE ON audit_tile FOR EACH ROW EXECUTE FUNCTION refuse_audit_rewrite();
CREATE TRIGGER grows BEFORE UPDATE ON audit_tree FOR EACH ROW EXECUTE FUNCTION refuse_audit_rewrite();
