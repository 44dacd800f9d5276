-- What business asks of a client and a contact: the requisites of Russian companies, the numbers of foreign ones, bank
-- accounts, several telephone numbers and e-mail addresses. Adding a column with a constant default does not rewrite the table.
ALTER TABLE clients
    ADD COLUMN kpp text,
    ADD COLUMN foreign_ids jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN bank_accounts jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN other_phones jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN other_emails jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN parent_id uuid;
ALTER TABLE contacts
    ADD COLUMN other_phones jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN other_emails jsonb NOT NULL DEFAULT '[]';

-- The number in the register is one with a right check digit now. Another one is a foreign one.
UPDATE clients
SET registration_number = NULL, version = version + 1,
    foreign_ids = jsonb_build_array(jsonb_build_object('kind', 'register', 'number', registration_number,
        'country', coalesce(address ->> 'country', (SELECT phone_region FROM organization))))
WHERE registration_number IS NOT NULL AND NOT CASE
    WHEN registration_number ~ '^[0-9]{13}$'
        THEN left(registration_number, 12)::bigint % 11 % 10 = right(registration_number, 1)::integer
    WHEN registration_number ~ '^[0-9]{15}$'
        THEN left(registration_number, 14)::bigint % 13 % 10 = right(registration_number, 1)::integer
    ELSE false
END;
