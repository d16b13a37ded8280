-- An hour of more calls than one statement can read is made minute by minute and then put together: its minutes are cells like any other, until then.
ALTER TYPE usage_grain ADD VALUE 'minute' BEFORE 'hour';

-- Null: the hour got late records. Otherwise it is being made minute by minute, up to there; whoever goes on begins with that minute.
ALTER TABLE usage_late_hour ADD COLUMN made_until timestamptz;
GRANT UPDATE (made_until) ON usage_late_hour TO lethe_system;
