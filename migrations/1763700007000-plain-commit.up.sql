-- What a settlement adds to its intent, in the order call_record has it: the plain commit (src/modules/usage/core/plain-commit.ts) takes the
-- rest from the intent it deletes.
CREATE TYPE call_settlement AS (
  id uuid,
  outcome call_outcome,
  http_status integer,
  error_code text,
  finish_reason text,
  provider text,
  upstream_model text,
  credential_id uuid,
  upstream_request_id text,
  usage_source call_usage_source,
  input_tokens integer,
  cached_input_tokens integer,
  cache_write_tokens integer,
  output_tokens integer,
  reasoning_tokens integer,
  cost numeric(30, 12),
  currency text,
  price_source call_price_source,
  latency_ms integer,
  first_token_ms integer,
  attempts json
);

-- Raised inside the plain commit, which is one statement and so leaves nothing behind, at the first sign of something out of the ordinary.
-- The caller then makes the same commit through commit_calls, which decides call by call.
CREATE FUNCTION refuse_plain_commit() RETURNS text
  LANGUAGE plpgsql
  AS $$
BEGIN
  RAISE 'not a plain batch' USING ERRCODE = 'LT001';
END
$$;
