-- A person who left a client stays in its history, but is no longer primary, and the client is no longer found by them.
ALTER TABLE contacts
    ADD COLUMN retired_at timestamptz,
    ADD CONSTRAINT contacts_retired_check CHECK (retired_at IS NULL OR NOT is_primary);

CREATE OR REPLACE FUNCTION words_of_contacts(uuid) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(words, ' ' ORDER BY id), '') FROM (
        SELECT id, public.search_fold(concat_ws(' ', name, email, phone, jsonb_path_query_array(other_emails, '$[*].address'),
            jsonb_path_query_array(other_phones, '$[*].number'), jsonb_path_query_array(messengers, '$[*].handle'))) AS words
        FROM public.contacts WHERE client_id = $1 AND retired_at IS NULL ORDER BY id LIMIT 200
    ) AS first
$$;
DROP TRIGGER contacts_tell_client ON contacts;
CREATE TRIGGER contacts_tell_client
    AFTER INSERT OR DELETE OR UPDATE OF name, email, phone, other_emails, other_phones, messengers, retired_at ON contacts
    FOR EACH ROW EXECUTE FUNCTION contacts_tell_client();
