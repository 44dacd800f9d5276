DELETE FROM contract_events WHERE contract_id IN (SELECT id FROM contracts WHERE amends_id IS NOT NULL);
DELETE FROM contracts WHERE amends_id IS NOT NULL;
ALTER TABLE contracts DROP COLUMN amends_id, DROP COLUMN amendment, DROP COLUMN effective_on, DROP COLUMN former_terms;
