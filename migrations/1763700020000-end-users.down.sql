DROP TABLE end_user_key;
DROP INDEX call_record_end_user;
ALTER TABLE call_record DROP COLUMN end_user_id;
ALTER TABLE call_intent DROP COLUMN end_user_id;
