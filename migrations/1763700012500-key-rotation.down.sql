DROP TRIGGER announce ON api_key;
CREATE TRIGGER announce AFTER INSERT OR DELETE OR UPDATE OF revoked_at, expires_at, scopes, allowed_networks ON api_key
  FOR EACH ROW EXECUTE FUNCTION announce_change();
ALTER TABLE api_key
  DROP COLUMN previous_secret_hash, DROP COLUMN previous_hint, DROP COLUMN previous_expires_at, DROP COLUMN previous_last_used_at;
