-- Append-only by permission: nobody but the owner can change or remove a row, and the owner drops whole expired days (O6).
CREATE TABLE audit_event (
  id uuid NOT NULL,
  expires_on date NOT NULL,
  occurred_at timestamptz NOT NULL,
  organisation_id uuid,
  actor_kind text NOT NULL,
  actor_id text NOT NULL,
  action text NOT NULL,
  target_type text NOT NULL,
  target_id text NOT NULL,
  detail jsonb NOT NULL,
  PRIMARY KEY (id, expires_on)
) PARTITION BY RANGE (expires_on);

CREATE INDEX audit_event_by_organisation ON audit_event (organisation_id, id);

ALTER TABLE audit_event ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_reads ON audit_event FOR SELECT TO lethe_app USING (organisation_id = current_organisation());
CREATE POLICY tenant_appends ON audit_event FOR INSERT TO lethe_app WITH CHECK (organisation_id = current_organisation());
CREATE POLICY system_reads ON audit_event FOR SELECT TO lethe_system USING (true);
CREATE POLICY system_appends ON audit_event FOR INSERT TO lethe_system WITH CHECK (true);
GRANT SELECT, INSERT ON audit_event TO lethe_app, lethe_system;
