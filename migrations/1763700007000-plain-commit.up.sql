-- Raised inside the plain commit (src/modules/usage/core/plain-commit.ts), which is one statement and so leaves nothing behind, at the first
-- sign of something out of the ordinary. The caller then makes the same commit through commit_calls, which decides call by call.
CREATE FUNCTION refuse_plain_commit() RETURNS text
  LANGUAGE plpgsql
  AS $$
BEGIN
  RAISE 'not a plain batch' USING ERRCODE = 'LT001';
END
$$;
