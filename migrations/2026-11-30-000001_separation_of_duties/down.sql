DROP TABLE consents;
ALTER TABLE service_accounts DROP COLUMN department_ids;
UPDATE role_policies SET grants = grants || '{"clients:transfer": "team"}'
    WHERE role = 'key_account_manager' AND grants ->> 'clients:transfer' = 'own';
UPDATE role_policies SET grants = grants || '{"clients:assign_team": "team"}'
    WHERE role = 'key_account_manager' AND grants ->> 'clients:assign_team' = 'own';
UPDATE role_policies SET grants = grants || '{"clients:assign_team": "none"}' WHERE role = 'manager';
ALTER TABLE role_policies DROP COLUMN self_approval_up_to;
ALTER TABLE orders DROP COLUMN exceeded, DROP COLUMN return_reason, DROP COLUMN editor_ids;
ALTER TABLE contracts DROP COLUMN return_reason, DROP COLUMN editor_ids;
