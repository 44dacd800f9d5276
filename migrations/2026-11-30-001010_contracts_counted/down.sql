UPDATE role_policies SET grants = grants - 'contracts:delete' - 'contracts:record';
UPDATE contracts SET number = id::text WHERE number IS NULL;
UPDATE contracts SET amount = 0 WHERE amount IS NULL;
ALTER TABLE contracts
    DROP COLUMN number_key,
    ALTER COLUMN number SET NOT NULL,
    ALTER COLUMN amount SET NOT NULL,
    DROP COLUMN amount_includes_tax,
    DROP COLUMN submitted_on;
