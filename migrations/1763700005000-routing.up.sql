CREATE TABLE route (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  -- Null: every project of the organisation.
  project_id uuid,
  -- What clients ask for: an exact model name, or a prefix followed by '*'.
  model text NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  FOREIGN KEY (organisation_id, project_id) REFERENCES project (organisation_id, id),
  UNIQUE NULLS NOT DISTINCT (organisation_id, project_id, model),
  UNIQUE (organisation_id, id)
);

CREATE TABLE route_target (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL,
  route_id uuid NOT NULL,
  position integer NOT NULL CHECK (position >= 0),
  credential_id uuid NOT NULL,
  -- Null: the model name goes upstream as the client wrote it.
  upstream_model text,
  FOREIGN KEY (organisation_id, route_id) REFERENCES route (organisation_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, credential_id) REFERENCES provider_credential (organisation_id, id),
  UNIQUE (route_id, position)
);

CALL protect_tenant_table('route', 'organisation_id');
CALL protect_tenant_table('route_target', 'organisation_id');
CALL announce_changes_of('route');
CALL announce_changes_of('route_target');
GRANT SELECT, INSERT, UPDATE, DELETE ON route, route_target TO lethe_app, lethe_system;
