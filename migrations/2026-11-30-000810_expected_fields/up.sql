-- What the organisation expects to be known of every client, so that the gaps can be told.
ALTER TABLE organization
    ADD COLUMN expected_of_organizations jsonb NOT NULL DEFAULT '["tax_id", "phone", "email", "address"]',
    ADD COLUMN expected_of_persons jsonb NOT NULL DEFAULT '["phone", "email"]';
