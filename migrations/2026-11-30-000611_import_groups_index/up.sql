-- The rows of an import group by group, as jobs take them.
CREATE INDEX CONCURRENTLY import_rows_group_line_idx ON import_rows (import_id, group_line, line);
