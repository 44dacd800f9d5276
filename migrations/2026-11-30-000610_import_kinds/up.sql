-- Imports of products and of past orders. The lines of an order stand in rows of their own: `group_line` is the first of the rows
-- that belong together.
ALTER TABLE imports DROP CONSTRAINT imports_resource_check;
ALTER TABLE imports ADD CONSTRAINT imports_resource_check CHECK (resource IN ('clients', 'products', 'orders'));
ALTER TABLE import_rows ADD COLUMN group_line bigint NOT NULL DEFAULT 0;
UPDATE import_rows SET group_line = line;
ALTER TABLE import_rows ALTER COLUMN group_line DROP DEFAULT;
