-- A value cannot be taken from a type, so the column gets a new one.
-- Whose policies hide its rows from the owner.
ALTER TABLE usage_rollup NO FORCE ROW LEVEL SECURITY;
DELETE FROM usage_rollup WHERE grain = 'minute';
ALTER TABLE usage_rollup FORCE ROW LEVEL SECURITY;
ALTER TYPE usage_grain RENAME TO usage_grain_with_minutes;
CREATE TYPE usage_grain AS ENUM ('hour', 'day');
ALTER TABLE usage_rollup ALTER COLUMN grain TYPE usage_grain USING grain::text::usage_grain;
DROP TYPE usage_grain_with_minutes;

ALTER TABLE usage_late_hour DROP COLUMN made_until;
