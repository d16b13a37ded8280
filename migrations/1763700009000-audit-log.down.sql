DROP TABLE audit_publication, audit_log_key, audit_checkpoint, audit_tree, audit_leaf, audit_tile, audit_count, audit_position;
DROP FUNCTION refuse_audit_rewrite();
DROP FUNCTION pending_audit_events(pg_snapshot, xid8, uuid, int);
DROP INDEX audit_event_by_transaction;
ALTER TABLE audit_event DROP COLUMN recorded_in, DROP COLUMN nonce;
