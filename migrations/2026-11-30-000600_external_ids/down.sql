ALTER TABLE clients
    DROP COLUMN search,
    ADD COLUMN external_source text,
    ADD COLUMN external_id text,
    ADD CONSTRAINT clients_external_key UNIQUE (external_source, external_id),
    ADD CONSTRAINT clients_external_check CHECK ((external_source IS NULL) = (external_id IS NULL));
-- One of them has room there.
UPDATE clients SET external_source = external_ids #>> '{0,source}', external_id = external_ids #>> '{0,id}'
WHERE external_ids <> '[]';
ALTER TABLE clients ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name, legal_name], ARRAY[tax_id, registration_number, email, phone, website, address ->> 'city', external_id,
        jsonb_path_query_array(other_emails, '$[*].address')::text, jsonb_path_query_array(other_phones, '$[*].number')::text,
        jsonb_path_query_array(messengers, '$[*].handle')::text, jsonb_path_query_array(foreign_ids, '$[*].number')::text,
        search_list(tags)], contact_words)
) STORED;
CREATE INDEX clients_search_idx ON clients USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['clients', 'contacts', 'products', 'contracts', 'orders', 'interactions'] LOOP
        EXECUTE format('DROP TRIGGER %I ON %I', kept || '_external_ids_inserted', kept);
        EXECUTE format('DROP TRIGGER %I ON %I', kept || '_external_ids_updated', kept);
        EXECUTE format('DROP TRIGGER %I ON %I', kept || '_external_ids_deleted', kept);
        EXECUTE format('ALTER TABLE %I DROP COLUMN external_ids', kept);
    END LOOP;
END
$$;
DROP FUNCTION keep_external_ids();
DROP TABLE external_ids;
