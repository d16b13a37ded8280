-- The outbox: events that commit with the change they tell of, and leave for the queue afterwards. Whoever may change data may add an
-- event but not read one back; only the system role hands events over. Rows belong to no tenant: a payload carries ids.
CREATE TABLE outbox_event (
  id uuid PRIMARY KEY,
  topic text NOT NULL CHECK (length(topic) BETWEEN 1 AND 100),
  payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
  created_at timestamptz NOT NULL,
  -- A relay's lease on the event while it hands it over.
  claimed_until timestamptz
);

CREATE FUNCTION outbox_event_notify() RETURNS trigger
  LANGUAGE plpgsql
  AS $$
BEGIN
  PERFORM pg_notify('lethe_outbox', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER outbox_event_notify AFTER INSERT ON outbox_event FOR EACH STATEMENT EXECUTE FUNCTION outbox_event_notify();

ALTER TABLE outbox_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY outbox_event_publish ON outbox_event FOR INSERT TO lethe_app WITH CHECK (true);
CREATE POLICY outbox_event_relay ON outbox_event TO lethe_system USING (true) WITH CHECK (true);
GRANT INSERT ON outbox_event TO lethe_app;
GRANT SELECT, INSERT, DELETE, UPDATE (claimed_until) ON outbox_event TO lethe_system;
