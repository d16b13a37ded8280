-- The roles stay: they belong to the cluster, where another database may use them.
DROP FUNCTION drop_expired_partitions(regclass, date);
DROP FUNCTION create_expiry_partition(regclass, date);
DROP PROCEDURE announce_changes_of(regclass);
DROP FUNCTION announce_change();
DROP PROCEDURE protect_system_table(regclass);
DROP PROCEDURE protect_tenant_table(regclass, name);
DROP FUNCTION current_organisation();
REVOKE SELECT ON schema_migration FROM lethe_system;
REVOKE USAGE ON SCHEMA public FROM lethe_app, lethe_system;
