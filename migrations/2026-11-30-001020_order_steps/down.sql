UPDATE role_policies SET grants = grants - 'orders:expedite';
ALTER TABLE order_events DROP COLUMN details;
ALTER TABLE order_lines DROP COLUMN returned_quantity;
ALTER TABLE orders DROP COLUMN question, DROP COLUMN cancellation;
