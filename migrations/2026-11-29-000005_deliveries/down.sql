DROP TABLE idempotency_keys;
DROP TABLE outgoing_mails;
DROP TABLE outbox_events;
