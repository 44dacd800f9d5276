-- Everything is found by words in any form, in any usual spelling, in the other alphabet and with a wrong letter, and names are
-- in the order of a dictionary. What is searched is stored in one spelling. The tables are rewritten for that, and their
-- indexes with them, while nobody else can use them; no release before this one has a table that is large.

CREATE COLLATION names (provider = icu, locale = 'und-u-kn');

-- The spelling in which words are stored and looked for; `src/list/search/fold.rs` does the same.
CREATE FUNCTION search_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT trim(regexp_replace(regexp_replace(
        replace(replace(replace(replace(replace(replace(replace(replace(
            translate(
                regexp_replace(lower(normalize($1, NFKD) COLLATE "und-x-icu"), '[\u0300-\u036F]', '', 'g'),
                'абвwгґдеэєзиыіjyклмнопрстуфхъь', 'abvvggdeeeziiiiiklmnoprstufh'),
            'ж', 'zh'), 'ц', 'ts'), 'ч', 'ch'), 'щ', 'shch'), 'ш', 'sh'), 'ю', 'iu'), 'я', 'ia'), 'x', 'ks'),
        '[\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00BF\u2000-\u206F\u20A0-\u20CF\u2190-\u2BFF\u3000-\u303F\uFE00-\uFE0F]+', ' ', 'g'),
        '([a-z])\1+', '\1', 'g'))
$$;

CREATE FUNCTION search_list(text[]) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT array_to_string($1, ' ')
$$;

-- What a row is found by: its names, the rest, and the words of the persons at a client, which are folded already.
CREATE FUNCTION search_document(names text[], rest text[], persons text DEFAULT '') RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ' ' || public.search_fold(array_to_string(names, ' ')) || ' | ' || public.search_fold(array_to_string(rest, ' ')) || ' | '
        || persons || ' '
$$;

-- A client is found by its contacts, too.
CREATE FUNCTION words_of_contacts(uuid) RETURNS text LANGUAGE sql STABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(string_agg(words, ' ' ORDER BY id), '') FROM (
        SELECT id, public.search_fold(concat_ws(' ', name, email, phone, jsonb_path_query_array(other_emails, '$[*].address'),
            jsonb_path_query_array(other_phones, '$[*].number'), jsonb_path_query_array(messengers, '$[*].handle'))) AS words
        FROM contacts WHERE client_id = $1 ORDER BY id LIMIT 200
    ) AS first
$$;
CREATE FUNCTION contacts_tell_client() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed uuid := coalesce(NEW.client_id, OLD.client_id);
    words text := words_of_contacts(changed);
BEGIN
    UPDATE clients SET contact_words = words WHERE id = changed AND contact_words <> words;
    RETURN NULL;
END
$$;
ALTER TABLE clients ADD COLUMN contact_words text NOT NULL DEFAULT '';
UPDATE clients SET contact_words = words_of_contacts(id) WHERE EXISTS (SELECT FROM contacts WHERE client_id = clients.id);
CREATE TRIGGER contacts_tell_client
    AFTER INSERT OR DELETE OR UPDATE OF name, email, phone, other_emails, other_phones, messengers ON contacts
    FOR EACH ROW EXECUTE FUNCTION contacts_tell_client();

-- What two entries of one client have in common: the name without its legal form and spaces, and the domain of its website or
-- of its e-mail, unless everybody has mail there.
CREATE FUNCTION search_name_key(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(nullif(replace(regexp_replace(' ' || replace(folded, ' ', '  ') || ' ',
        ' (ab|ag|ao|as|bv|co|corp|gmbh|inc|ip|kg|lc|ltd|nko|nv|o|oao|oi|ou|pao|pt|sa|sarl|srl|zao) ', ' ', 'g'), ' ', ''), ''), replace(folded, ' ', ''))
    FROM public.search_fold($1) AS folded
$$;
CREATE FUNCTION client_domain(website text, email text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT coalesce(lower(substring(website FROM '^https?://(?:www[.])?([^/:?#]+)')), CASE
        WHEN split_part(email, '@', 2) IN ('bk.ru', 'gmail.com', 'googlemail.com', 'gmx.de', 'gmx.net', 'hotmail.com', 'icloud.com',
            'inbox.ru', 'internet.ru', 'list.ru', 'live.com', 'mail.ru', 'me.com', 'msn.com', 'outlook.com', 'proton.me',
            'protonmail.com', 'rambler.ru', 'vk.com', 'web.de', 'ya.ru', 'yahoo.com', 'yandex.com', 'yandex.ru') THEN NULL
        ELSE nullif(split_part(email, '@', 2), '')
    END)
$$;
ALTER TABLE clients
    ADD COLUMN name_key text NOT NULL GENERATED ALWAYS AS (search_name_key(name)) STORED,
    ADD COLUMN domain text GENERATED ALWAYS AS (client_domain(website, email)) STORED;
CREATE INDEX clients_name_key_idx ON clients (name_key);
CREATE INDEX clients_domain_idx ON clients (domain);
CREATE INDEX clients_phone_idx ON clients (phone);
CREATE INDEX clients_email_idx ON clients (email);
CREATE INDEX clients_other_phones_idx ON clients USING gin (other_phones jsonb_path_ops) WITH (gin_pending_list_limit = 256);
CREATE INDEX clients_other_emails_idx ON clients USING gin (other_emails jsonb_path_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE clients DROP COLUMN search;
ALTER TABLE clients ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name, legal_name], ARRAY[tax_id, registration_number, email, phone, website, address ->> 'city', external_id,
        jsonb_path_query_array(other_emails, '$[*].address')::text, jsonb_path_query_array(other_phones, '$[*].number')::text,
        jsonb_path_query_array(messengers, '$[*].handle')::text, jsonb_path_query_array(foreign_ids, '$[*].number')::text,
        search_list(tags)], contact_words)
) STORED;
CREATE INDEX clients_search_idx ON clients USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE contacts DROP COLUMN search;
ALTER TABLE contacts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name], ARRAY[job_title, email, phone, jsonb_path_query_array(other_emails, '$[*].address')::text,
        jsonb_path_query_array(other_phones, '$[*].number')::text, jsonb_path_query_array(messengers, '$[*].handle')::text])
) STORED;
CREATE INDEX contacts_search_idx ON contacts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE products DROP COLUMN search;
ALTER TABLE products ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name, sku], ARRAY[category, supplier])
) STORED;
CREATE INDEX products_search_idx ON products USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE contracts DROP COLUMN search;
ALTER TABLE contracts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[number, title], ARRAY[]::text[])
) STORED;
CREATE INDEX contracts_search_idx ON contracts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE orders DROP COLUMN search;
ALTER TABLE orders ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[number], ARRAY[comment])
) STORED;
CREATE INDEX orders_search_idx ON orders USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE interactions DROP COLUMN search;
ALTER TABLE interactions ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[subject], ARRAY[summary])
) STORED;
CREATE INDEX interactions_search_idx ON interactions USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE users DROP COLUMN search;
ALTER TABLE users ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name], ARRAY[email, job_title])
) STORED;
CREATE INDEX users_search_idx ON users USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);

-- Lists by name.
DROP INDEX users_name_idx;
CREATE INDEX users_name_idx ON users ((name COLLATE names), id);
DROP INDEX products_name_idx;
CREATE INDEX products_name_idx ON products ((name COLLATE names), id);
DROP INDEX products_category_idx;
CREATE INDEX products_category_idx ON products (category, (name COLLATE names), id);
DROP INDEX contacts_client_id_name_idx;
CREATE INDEX contacts_client_id_name_idx ON contacts (client_id, (name COLLATE names), id);
DROP INDEX contacts_name_idx;
CREATE INDEX contacts_name_idx ON contacts ((name COLLATE names), id);
DROP INDEX clients_name_idx;
CREATE INDEX clients_name_idx ON clients ((name COLLATE names), id);
DROP INDEX clients_owner_id_name_idx;
CREATE INDEX clients_owner_id_name_idx ON clients (owner_id, (name COLLATE names), id);
