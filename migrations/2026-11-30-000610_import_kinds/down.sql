ALTER TABLE import_rows DROP COLUMN group_line;
DELETE FROM imports WHERE resource <> 'clients';
ALTER TABLE imports DROP CONSTRAINT imports_resource_check;
ALTER TABLE imports ADD CONSTRAINT imports_resource_check CHECK (resource IN ('clients'));
