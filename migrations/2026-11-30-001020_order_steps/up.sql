-- What happens to an order after its hand-over: questions of the department, cancellations that wait for its word, goods that
-- come back, and the figures of each step in the history.

ALTER TABLE orders ADD COLUMN question jsonb, ADD COLUMN cancellation jsonb;
ALTER TABLE order_lines ADD COLUMN returned_quantity numeric(12, 3) NOT NULL DEFAULT 0;
ALTER TABLE order_events ADD COLUMN details jsonb NOT NULL DEFAULT '{"lines": [], "changes": [], "document": null}';

UPDATE role_policies SET grants = grants || jsonb_build_object(
    'orders:expedite', CASE role WHEN 'manager' THEN 'none' WHEN 'key_account_manager' THEN 'team' ELSE 'all' END);
