DROP TRIGGER audit_events_await_seal ON audit_events;
DROP FUNCTION await_audit_seal();
DROP TABLE audit_keys;
DROP TABLE audit_leaves;
DROP TABLE audit_seals;
DROP TABLE audit_unsealed;
DROP TABLE audit_events;
