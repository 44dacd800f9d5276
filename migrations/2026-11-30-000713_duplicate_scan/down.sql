DROP FUNCTION client_pairs_alike;
DROP FUNCTION client_all_of;
DELETE FROM jobs WHERE kind = 'duplicate_scan';
ALTER TABLE jobs DROP CONSTRAINT jobs_kind_check,
    ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('export', 'import_check', 'import_apply', 'import_undo'));
