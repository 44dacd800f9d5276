-- Who edited the terms of a contract or an order, so that they do not approve them; how much one person passes alone; the
-- departments of a service account; and the consent of a second supervisor. Columns with a constant default are added
-- without rewriting their table.

ALTER TABLE contracts
    -- Who edited the terms after the author wrote them.
    ADD COLUMN editor_ids jsonb NOT NULL DEFAULT '[]',
    -- Why the contract was last returned to its author.
    ADD COLUMN return_reason text;

ALTER TABLE orders
    ADD COLUMN editor_ids jsonb NOT NULL DEFAULT '[]',
    -- Why the order was last rejected, or returned by its department.
    ADD COLUMN return_reason text,
    -- The limits for which the order was last submitted for approval.
    ADD COLUMN exceeded jsonb NOT NULL DEFAULT '[]';

ALTER TABLE role_policies ADD COLUMN self_approval_up_to numeric(15, 2);
UPDATE role_policies SET self_approval_up_to = 5000000 WHERE role = 'supervisor';

-- Account teams are made, and clients given away, by their owners or by supervisors.
UPDATE role_policies SET grants = grants || '{"clients:assign_team": "own"}'
    WHERE role = 'manager' OR (role = 'key_account_manager' AND grants ->> 'clients:assign_team' = 'team');
UPDATE role_policies SET grants = grants || '{"clients:transfer": "own"}'
    WHERE role = 'key_account_manager' AND grants ->> 'clients:transfer' = 'team';

ALTER TABLE service_accounts
    -- The departments whose orders are all that the account sees of orders; empty is no bound.
    ADD COLUMN department_ids jsonb NOT NULL DEFAULT '[]';

CREATE TABLE consents (
    user_id uuid NOT NULL,
    given_by uuid NOT NULL,
    given_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    CONSTRAINT consents_pkey PRIMARY KEY (user_id, given_by),
    CONSTRAINT consents_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id),
    CONSTRAINT consents_given_by_fkey FOREIGN KEY (given_by) REFERENCES users (id)
);
CREATE INDEX consents_given_by_idx ON consents (given_by);
CREATE INDEX consents_expires_at_idx ON consents (expires_at);
