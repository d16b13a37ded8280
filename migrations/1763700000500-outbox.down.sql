DROP TABLE outbox_event;
DROP FUNCTION outbox_event_notify();
