DROP TABLE break_glass_grant;
DROP TABLE operator_duty;
DROP INDEX operator_token_by_operator;
ALTER TABLE operator_token DROP COLUMN name;
ALTER TABLE operator DROP COLUMN role, DROP COLUMN account_id, DROP COLUMN invitation_hash, DROP COLUMN invited_until;
