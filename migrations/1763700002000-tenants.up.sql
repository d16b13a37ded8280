CREATE TABLE organisation (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  -- 'operator': the installation's own organisation, whose routes every customer falls back to.
  kind text NOT NULL CHECK (kind IN ('operator', 'customer')),
  status text NOT NULL CHECK (status IN ('active', 'suspended')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX organisation_one_operator ON organisation (kind) WHERE kind = 'operator';

CREATE TABLE project (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  name text NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'archived')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  UNIQUE (organisation_id, name),
  UNIQUE (organisation_id, id)
);

CALL protect_tenant_table('organisation', 'id');
CALL protect_tenant_table('project', 'organisation_id');
CALL announce_changes_of('organisation');
CALL announce_changes_of('project');
GRANT SELECT, INSERT, UPDATE ON organisation, project TO lethe_app, lethe_system;
