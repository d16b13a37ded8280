DROP TABLE key_habit_progress;
DROP TABLE key_habit;
DROP TABLE key_country;
DROP TRIGGER announce_block ON api_key;
ALTER TABLE api_key
  DROP COLUMN blocked_at, DROP COLUMN blocked_reason, DROP COLUMN suspected_at, DROP COLUMN grace_reason, DROP COLUMN grace_until;
