-- The policy profile in force. What it said is kept beside its name, so that another one can be compared with it before it takes its place.
CREATE TABLE policy_in_force (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  name text NOT NULL,
  digest text NOT NULL CHECK (digest ~ '^[0-9a-f]{64}$'),
  stated jsonb NOT NULL,
  since timestamptz NOT NULL,
  -- Since when everything stored is filed as the profile says: null while a change of profile is still being carried out.
  filed_at timestamptz
);

-- Which plan an organisation is on, and the windows it asked for itself. No row: the first plan, and nothing asked for.
CREATE TABLE organisation_policy (
  id uuid PRIMARY KEY REFERENCES organisation (id) ON DELETE CASCADE,
  plan text NOT NULL,
  -- {"payload": 7}: days by data class.
  asked_days jsonb NOT NULL,
  -- Grows by one with every change. What is stored already is filed as version `filed_version` says.
  version integer NOT NULL,
  filed_version integer NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL
);

CALL protect_system_table('policy_in_force');
CALL protect_tenant_table('organisation_policy', 'id');
CALL announce_changes_of('organisation_policy');
GRANT SELECT, INSERT, UPDATE ON policy_in_force TO lethe_system;
GRANT SELECT ON organisation_policy TO lethe_app;
GRANT SELECT, INSERT, UPDATE ON organisation_policy TO lethe_system;
