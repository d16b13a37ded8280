-- Who belongs to which organisation, and as what (A2). Read at every request of a person, so that a change holds everywhere at once.
CREATE TABLE membership (
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  account_id uuid NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'billing', 'developer', 'viewer', 'privacy_officer')),
  -- What an identity provider has made, it also changes and removes.
  source text NOT NULL CHECK (source IN ('founder', 'invitation', 'sso', 'scim')),
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (organisation_id, account_id)
);
CREATE INDEX membership_by_account ON membership (account_id);

-- An organisation that has owners keeps one. The application asks first, so that people read a sentence; this holds for whatever forgets to, and
-- for two who leave at the same moment: the second waits here for the first and then sees what it has done.
CREATE FUNCTION membership_keeps_an_owner() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  IF OLD.role <> 'owner' OR (TG_OP = 'UPDATE' AND NEW.role = 'owner' AND NEW.organisation_id = OLD.organisation_id) THEN
    RETURN NULL;
  END IF;
  IF has_table_privilege('account', 'SELECT') THEN
    PERFORM FROM account WHERE id = OLD.account_id;
    IF NOT FOUND THEN
      RETURN NULL;
    END IF;
  END IF;
  PERFORM FROM organisation WHERE id = OLD.organisation_id FOR NO KEY UPDATE;
  IF FOUND AND NOT EXISTS (SELECT FROM membership WHERE organisation_id = OLD.organisation_id AND role = 'owner') THEN
    RAISE EXCEPTION 'the organisation would be left without an owner'
      USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'membership_keeps_an_owner';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER membership_keeps_an_owner AFTER UPDATE OR DELETE ON membership
  FOR EACH ROW EXECUTE FUNCTION membership_keeps_an_owner();

CALL protect_tenant_table('membership', 'organisation_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON membership TO lethe_app, lethe_system;

-- What an organisation asks of whoever acts in it.
ALTER TABLE organisation
  ADD COLUMN second_factor_required boolean NOT NULL DEFAULT false,
  -- CIDR blocks its members may act from; from anywhere when empty.
  ADD COLUMN member_networks text[] NOT NULL DEFAULT '{}';
