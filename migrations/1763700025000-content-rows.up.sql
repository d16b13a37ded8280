-- A row of content as it is sent, in the order of src/modules/content/data/sealed-rows.ts: one type for the three tables, which have the same columns.
-- Of its own, so that a column more in them is no concern of a gateway that does not know it yet.
CREATE TYPE content_row AS (
  call_id uuid,
  expires_on date,
  organisation_id uuid,
  project_id uuid,
  key_id uuid,
  written_at timestamptz,
  grant_id uuid,
  key_version integer,
  request_bytes integer,
  answer_bytes integer,
  request_cut boolean,
  answer_cut boolean,
  redacted boolean,
  sealed bytea,
  blob_day date
);
