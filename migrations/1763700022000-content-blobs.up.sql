-- Content above a size lies in the blob store, sealed as in a row, and its row says under which day it was put there (ADR 0055).
DO $$
DECLARE
  content_table text;
BEGIN
  FOREACH content_table IN ARRAY ARRAY['call_payload', 'call_failed_input', 'call_granted_content'] LOOP
    EXECUTE format('ALTER TABLE %I ALTER COLUMN sealed DROP NOT NULL', content_table);
    -- The day in the name of the object, which does not move when the row is filed anew. Null: it is in `sealed`.
    EXECUTE format('ALTER TABLE %I ADD COLUMN blob_day date', content_table);
    EXECUTE format('ALTER TABLE %I ADD CONSTRAINT sealed_in_one_place CHECK (num_nonnulls(sealed, blob_day) = 1)', content_table);
    -- For the function below, which runs as the owner: a row that is not seen would lose its object.
    EXECUTE format('CREATE POLICY keeper ON %I FOR SELECT TO CURRENT_USER USING (true)', content_table);
  END LOOP;
END
$$;

-- A row that was kept aside for a legal hold keeps its object; of those that have one there are few.
CREATE INDEX held_row_with_blob ON held_row (source) WHERE (kept ->> 'blob_day') IS NOT NULL;

-- Which of the objects named are in use, by their number in the arrays: those that a row or a held copy of one leads to.
CREATE FUNCTION content_blobs_in_use(sources text[], calls uuid[], days date[]) RETURNS SETOF bigint
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
  AS $$
DECLARE
  content_table text;
BEGIN
  FOREACH content_table IN ARRAY ARRAY['call_payload', 'call_failed_input', 'call_granted_content'] LOOP
    RETURN QUERY EXECUTE format(
      'SELECT named.number FROM unnest($1, $2, $3) WITH ORDINALITY AS named (source, call_id, day, number)
       WHERE named.source = %1$L AND EXISTS (SELECT FROM %1$I kept WHERE kept.call_id = named.call_id AND kept.blob_day = named.day)', content_table)
    USING sources, calls, days;
  END LOOP;
  -- After the rows, and with a look of its own: a copy is made by the transaction that drops its row, and nothing is missed in between.
  RETURN QUERY SELECT named.number FROM unnest(sources, calls, days) WITH ORDINALITY AS named (source, call_id, day, number)
    WHERE EXISTS (
      SELECT FROM held_row h
      WHERE h.source = named.source AND (h.kept ->> 'blob_day') IS NOT NULL
        AND (h.kept ->> 'call_id')::uuid = named.call_id AND (h.kept ->> 'blob_day')::date = named.day);
END
$$;
REVOKE ALL ON FUNCTION content_blobs_in_use(text[], uuid[], date[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION content_blobs_in_use(text[], uuid[], date[]) TO lethe_system;
