-- Refusals are few among the changes, and are what a review looks for first.
CREATE INDEX CONCURRENTLY audit_events_refused_at_idx ON audit_events (at DESC, id DESC) WHERE outcome = 'refused';
