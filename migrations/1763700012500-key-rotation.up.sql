-- Rotation with overlap: the secret before the last one goes on until its own time, so that programs can be told one after the other (K4).
ALTER TABLE api_key
  ADD COLUMN previous_secret_hash bytea UNIQUE CHECK (octet_length(previous_secret_hash) = 32),
  ADD COLUMN previous_hint text,
  ADD COLUMN previous_expires_at timestamptz,
  ADD COLUMN previous_last_used_at timestamptz,
  ADD CONSTRAINT api_key_previous_is_whole CHECK (
    (previous_secret_hash IS NULL) = (previous_hint IS NULL) AND (previous_secret_hash IS NULL) = (previous_expires_at IS NULL)
    AND (previous_last_used_at IS NULL OR previous_secret_hash IS NOT NULL));

DROP TRIGGER announce ON api_key;
-- Not on every column: names and last uses change nothing for a caller.
CREATE TRIGGER announce
  AFTER INSERT OR DELETE OR UPDATE OF revoked_at, expires_at, scopes, allowed_networks, secret_hash, previous_secret_hash, previous_expires_at
  ON api_key FOR EACH ROW EXECUTE FUNCTION announce_change();
