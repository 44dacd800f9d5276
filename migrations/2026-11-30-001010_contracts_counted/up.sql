-- Contracts get their numbers when they are approved, and may be without a ceiling.

ALTER TABLE contracts
    ALTER COLUMN number DROP NOT NULL,
    ALTER COLUMN amount DROP NOT NULL,
    ADD COLUMN amount_includes_tax boolean NOT NULL DEFAULT false,
    -- The day of the last submission: by its exchange rates, the amount is compared with limits.
    ADD COLUMN submitted_on date,
    -- Contracts without a number sort before all others.
    ADD COLUMN number_key text NOT NULL GENERATED ALWAYS AS (coalesce(number, '')) STORED;
UPDATE contracts SET submitted_on = coalesce(approved_at, updated_at)::date WHERE status <> 'draft';

UPDATE role_policies SET grants = grants || jsonb_build_object(
    'contracts:delete', CASE role WHEN 'manager' THEN 'own' WHEN 'key_account_manager' THEN 'team' ELSE 'all' END,
    'contracts:record', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END);
