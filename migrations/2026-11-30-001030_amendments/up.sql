-- What changes after a contract was signed is an amendment: a contract of its own, whose terms become those of the other one.

ALTER TABLE contracts
    ADD COLUMN amends_id uuid,
    ADD COLUMN amendment integer NOT NULL DEFAULT 0,
    ADD COLUMN effective_on date,
    -- The terms that the amendment replaced.
    ADD COLUMN former_terms jsonb,
    ADD CONSTRAINT contracts_amends_id_fkey FOREIGN KEY (amends_id, client_id) REFERENCES contracts (id, client_id) NOT VALID;
