DROP TRIGGER contacts_tell_client ON contacts;
CREATE TRIGGER contacts_tell_client
    AFTER INSERT OR DELETE OR UPDATE OF name, email, phone, other_emails, other_phones, messengers ON contacts
    FOR EACH ROW EXECUTE FUNCTION contacts_tell_client();
CREATE OR REPLACE FUNCTION words_of_contacts(uuid) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(words, ' ' ORDER BY id), '') FROM (
        SELECT id, public.search_fold(concat_ws(' ', name, email, phone, jsonb_path_query_array(other_emails, '$[*].address'),
            jsonb_path_query_array(other_phones, '$[*].number'), jsonb_path_query_array(messengers, '$[*].handle'))) AS words
        FROM public.contacts WHERE client_id = $1 ORDER BY id LIMIT 200
    ) AS first
$$;
-- The clients are found by those who left them again.
UPDATE clients SET contact_words = words_of_contacts(id)
    WHERE id IN (SELECT client_id FROM contacts WHERE retired_at IS NOT NULL);
ALTER TABLE contacts DROP CONSTRAINT contacts_retired_check, DROP COLUMN retired_at;
