-- The ids by which other systems know a row: any number of them, each the only one of its kind in its source.
ALTER TABLE clients ADD COLUMN external_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE contacts ADD COLUMN external_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE products ADD COLUMN external_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE contracts ADD COLUMN external_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE orders ADD COLUMN external_ids jsonb NOT NULL DEFAULT '[]';
ALTER TABLE interactions ADD COLUMN external_ids jsonb NOT NULL DEFAULT '[]';

-- The same ids, to be found by. Only the triggers write it.
CREATE TABLE external_ids (
    resource text NOT NULL,
    source text NOT NULL,
    external_id text NOT NULL,
    row_id uuid NOT NULL,
    CONSTRAINT external_ids_pkey PRIMARY KEY (resource, source, external_id)
);
CREATE INDEX external_ids_external_id_idx ON external_ids (resource, external_id);
CREATE INDEX external_ids_row_id_idx ON external_ids (resource, row_id);

CREATE FUNCTION keep_external_ids() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM public.external_ids WHERE resource = TG_TABLE_NAME AND row_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO public.external_ids (resource, source, external_id, row_id)
            SELECT TG_TABLE_NAME, known ->> 'source', known ->> 'id', NEW.id
            FROM jsonb_array_elements(NEW.external_ids) AS known;
    END IF;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['clients', 'contacts', 'products', 'contracts', 'orders', 'interactions'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I FOR EACH ROW
            WHEN (NEW.external_ids <> ''[]'') EXECUTE FUNCTION keep_external_ids()', kept || '_external_ids_inserted', kept);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I FOR EACH ROW
            WHEN (OLD.external_ids <> NEW.external_ids) EXECUTE FUNCTION keep_external_ids()', kept || '_external_ids_updated', kept);
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I FOR EACH ROW
            WHEN (OLD.external_ids <> ''[]'') EXECUTE FUNCTION keep_external_ids()', kept || '_external_ids_deleted', kept);
    END LOOP;
END
$$;

UPDATE clients SET external_ids = jsonb_build_array(jsonb_build_object('source', external_source, 'id', external_id))
WHERE external_id IS NOT NULL;
UPDATE client_merges SET kept = jsonb_set(kept, '{clients,0,external_ids}', CASE
    WHEN kept #>> '{clients,0,external_id}' IS NULL THEN '[]'
    ELSE jsonb_build_array(jsonb_build_object('source', kept #> '{clients,0,external_source}', 'id', kept #> '{clients,0,external_id}'))
END) WHERE kept #> '{clients,0}' IS NOT NULL;

-- The index of the search is built anew by the next migration.
ALTER TABLE clients DROP COLUMN search, DROP COLUMN external_source, DROP COLUMN external_id;
ALTER TABLE clients ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name, legal_name], ARRAY[tax_id, registration_number, email, phone, website, address ->> 'city',
        jsonb_path_query_array(external_ids, '$[*].id')::text,
        jsonb_path_query_array(other_emails, '$[*].address')::text, jsonb_path_query_array(other_phones, '$[*].number')::text,
        jsonb_path_query_array(messengers, '$[*].handle')::text, jsonb_path_query_array(foreign_ids, '$[*].number')::text,
        search_list(tags)], contact_words)
) STORED;
