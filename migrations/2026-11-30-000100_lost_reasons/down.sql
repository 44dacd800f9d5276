UPDATE role_policies SET grants = grants - 'lost_reasons:read' - 'lost_reasons:create' - 'lost_reasons:update';
ALTER TABLE clients DROP COLUMN lost_reason_id, DROP COLUMN lost_at;
DROP TABLE lost_reasons;
