-- Invitations into organisations. A row lives while its link works: taking it up or taking it back deletes it, and a job removes what has expired, so
-- that no address of a person who never came stays here.
CREATE TABLE invitation (
  id uuid PRIMARY KEY,
  organisation_id uuid NOT NULL REFERENCES organisation (id),
  -- As written, and as accounts compare addresses.
  email text NOT NULL,
  email_normal text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'billing', 'developer', 'viewer', 'privacy_officer')),
  locale text NOT NULL,
  -- SHA-256 of the 256 random bits in the link.
  token_hash bytea NOT NULL UNIQUE CHECK (octet_length(token_hash) = 32),
  -- Who asks, and so whose rights the invitation rests on until it is taken up.
  invited_by_kind text NOT NULL CHECK (invited_by_kind IN ('account', 'operator')),
  invited_by uuid NOT NULL,
  sent_count smallint NOT NULL CHECK (sent_count > 0),
  created_at timestamptz NOT NULL,
  sent_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  UNIQUE (organisation_id, email_normal)
);
CREATE INDEX invitation_by_address ON invitation (email_normal);
CREATE INDEX invitation_by_end ON invitation (expires_at);

-- How much an organisation has invited lately: a level that each mail raises and time lowers. It outlives the invitations, or whoever takes one
-- back could send the next at once.
CREATE TABLE invitation_pace (
  organisation_id uuid PRIMARY KEY REFERENCES organisation (id),
  level double precision NOT NULL,
  changed_at timestamptz NOT NULL
);

-- An owner offers the ownership to another member, who takes it or does not. Either of them leaving takes the offer along.
CREATE TABLE ownership_offer (
  organisation_id uuid PRIMARY KEY REFERENCES organisation (id),
  from_account_id uuid NOT NULL,
  to_account_id uuid NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  CHECK (from_account_id <> to_account_id),
  FOREIGN KEY (organisation_id, from_account_id) REFERENCES membership (organisation_id, account_id) ON DELETE CASCADE,
  FOREIGN KEY (organisation_id, to_account_id) REFERENCES membership (organisation_id, account_id) ON DELETE CASCADE
);
CREATE INDEX ownership_offer_by_end ON ownership_offer (expires_at);

CALL protect_tenant_table('invitation', 'organisation_id');
CALL protect_tenant_table('invitation_pace', 'organisation_id');
CALL protect_tenant_table('ownership_offer', 'organisation_id');
GRANT SELECT, INSERT, UPDATE, DELETE ON invitation, ownership_offer TO lethe_app, lethe_system;
GRANT SELECT, INSERT, UPDATE ON invitation_pace TO lethe_app, lethe_system;
