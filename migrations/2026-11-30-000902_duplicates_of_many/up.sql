-- What an import enters is looked up at once: one look for each client took half of its time.
DROP FUNCTION clients_alike(uuid, text, text, text[], jsonb[], text[], jsonb[], text, text, text);

-- The clients that have something in common with each of those asked for, new or changed, whoever may see them; at most fifty by each
-- thing. Branches of one company have its tax number and different codes of the tax registration. Telephones, addresses, names and
-- domains of persons say nothing. The settings spare the planning, and keep the look-ups by index, one by one.
CREATE FUNCTION clients_alike(wanted jsonb)
RETURNS TABLE (place integer, id uuid, name text, owner_name text, matched text[]) LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT one.*, search_name_key(called) AS key, client_domain(site, mail) AS host,
            ARRAY(SELECT jsonb_build_array(jsonb_build_object('number', number)) FROM unnest(numbers) AS number) AS further_numbers,
            ARRAY(SELECT jsonb_build_array(jsonb_build_object('address', address)) FROM unnest(addresses) AS address)
                AS further_addresses
        FROM jsonb_to_recordset(wanted) AS one (place integer, self uuid, tax_number text, code text, numbers text[],
            addresses text[], called text, site text, mail text)
    ), alike AS MATERIALIZED (
        SELECT place, other.id FROM asked, LATERAL (SELECT id FROM clients WHERE tax_id = tax_number LIMIT 50) AS other
        UNION SELECT place, other.id FROM asked, LATERAL (SELECT id FROM clients WHERE phone = ANY(numbers) LIMIT 50) AS other
        UNION SELECT place, other.id FROM asked, LATERAL (
            SELECT id FROM clients WHERE other_phones <> '[]' AND other_phones @> ANY(further_numbers) LIMIT 50) AS other
        UNION SELECT place, other.id FROM asked, LATERAL (SELECT id FROM clients WHERE email = ANY(addresses) LIMIT 50) AS other
        UNION SELECT place, other.id FROM asked, LATERAL (
            SELECT id FROM clients WHERE other_emails <> '[]' AND other_emails @> ANY(further_addresses) LIMIT 50) AS other
        UNION SELECT place, other.id FROM asked, LATERAL (SELECT id FROM clients WHERE name_key = key LIMIT 50) AS other
        UNION SELECT place, other.id FROM asked, LATERAL (SELECT id FROM clients WHERE domain = host LIMIT 50) AS other
    ), found AS (
        SELECT place, clients.id, clients.name, users.name AS owner_name, array_remove(ARRAY[
            CASE WHEN tax_id = tax_number AND (kpp = code OR kpp IS NULL OR code IS NULL) THEN 'tax_id' END,
            CASE WHEN is_company AND (clients.phone = ANY(numbers) OR other_phones @> ANY(further_numbers)) THEN 'phone' END,
            CASE WHEN is_company AND (clients.email = ANY(addresses) OR other_emails @> ANY(further_addresses)) THEN 'email' END,
            CASE WHEN is_company AND name_key = key THEN 'name' END,
            CASE WHEN is_company AND domain = host THEN 'domain' END
        ], NULL) AS matched
        FROM alike JOIN asked USING (place) JOIN clients ON clients.id = alike.id AND clients.id <> self
            JOIN users ON users.id = clients.owner_id, LATERAL (SELECT clients.kind = 'organization' AS is_company) AS of_kind
    )
    SELECT found.* FROM found WHERE matched <> '{}' ORDER BY place, cardinality(matched) DESC, id;
END
$$;

-- The clients that were entered before the wanted ones and have something in common with them, whoever may see them; at most twenty by
-- each thing, and of names that begin or end alike those entered last, so that what very many have in common costs no more.
-- Different tax numbers tell companies of one name apart. The settings keep the look-ups by index, one by one.
CREATE OR REPLACE FUNCTION client_pairs_alike(wanted uuid[])
RETURNS TABLE (client_id uuid, other_id uuid, name_key text, other_key text, matched text[], same_city boolean) LANGUAGE plpgsql STABLE
SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off
SET enable_mergejoin = off SET max_parallel_workers_per_gather = 0 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH self AS MATERIALIZED (
        SELECT clients.*, address ->> 'city' AS city, client_all_of(phone, other_phones, 'number') AS numbers,
            client_all_of(email, other_emails, 'address') AS addresses
        FROM clients WHERE id = ANY(wanted) AND erased_at IS NULL
    ), company AS MATERIALIZED (
        SELECT * FROM self WHERE kind = 'organization'
    ), alike AS MATERIALIZED (
        SELECT self.id AS self, other.id AS other FROM self, LATERAL (
            SELECT id FROM clients WHERE tax_id = self.tax_id AND id < self.id LIMIT 20) AS other
        UNION SELECT company.id, other.id FROM company, LATERAL (
            SELECT id FROM clients WHERE phone = ANY(numbers) AND id < company.id LIMIT 20) AS other
        UNION SELECT company.id, other.id FROM company, LATERAL (
            SELECT id FROM (SELECT id FROM clients WHERE other_phones <> '[]' AND other_phones @> ANY(ARRAY(
                SELECT jsonb_build_array(jsonb_build_object('number', number)) FROM unnest(numbers) AS number)) OFFSET 0) AS holder
            WHERE id < company.id LIMIT 20) AS other
        UNION SELECT company.id, other.id FROM company, LATERAL (
            SELECT id FROM clients WHERE email = ANY(addresses) AND id < company.id LIMIT 20) AS other
        UNION SELECT company.id, other.id FROM company, LATERAL (
            SELECT id FROM (SELECT id FROM clients WHERE other_emails <> '[]' AND other_emails @> ANY(ARRAY(
                SELECT jsonb_build_array(jsonb_build_object('address', address)) FROM unnest(addresses) AS address)) OFFSET 0) AS holder
            WHERE id < company.id LIMIT 20) AS other
        UNION SELECT company.id, other.id FROM company, LATERAL (
            SELECT id FROM clients WHERE domain = company.domain AND id < company.id LIMIT 20) AS other
        UNION SELECT company.id, other.id FROM company, LATERAL (
            SELECT id FROM clients WHERE name_key = company.name_key AND id < company.id LIMIT 20) AS other
        UNION SELECT company.id, other.id FROM company, LATERAL (
            SELECT near.id FROM generate_series(length(company.name_key) - 1, length(company.name_key) + 1) AS letters, LATERAL (
                (SELECT id, name_key, tax_id FROM clients
                 WHERE address ->> 'city' = company.city AND left(name_key, 5) = left(company.name_key, 5)
                     AND length(name_key) = letters AND id < company.id AND kind = 'organization'
                 ORDER BY id DESC LIMIT 200)
                UNION ALL
                (SELECT id, name_key, tax_id FROM clients
                 WHERE address ->> 'city' = company.city
                     AND left(name_key, 1) || right(name_key, 6) = left(company.name_key, 1) || right(company.name_key, 6)
                     AND length(name_key) = letters AND id < company.id AND kind = 'organization'
                 ORDER BY id DESC LIMIT 200)
            ) AS near
            WHERE near.name_key <> company.name_key AND (near.tax_id <> company.tax_id) IS NOT TRUE
                AND similarity(near.name_key, company.name_key) >= 0.5
            ORDER BY similarity(near.name_key, company.name_key) DESC, near.id LIMIT 10) AS other
    ), found AS (
        SELECT one.id AS client_id, self.id AS other_id, one.name_key, self.name_key AS other_key,
            one.address ->> 'city' = self.city AS same_city, array_remove(ARRAY[
                CASE WHEN one.tax_id = self.tax_id AND (one.kpp = self.kpp OR one.kpp IS NULL OR self.kpp IS NULL) THEN 'tax_id' END,
                CASE WHEN are_companies AND client_all_of(one.phone, one.other_phones, 'number') && self.numbers THEN 'phone' END,
                CASE WHEN are_companies AND client_all_of(one.email, one.other_emails, 'address') && self.addresses THEN 'email' END,
                CASE WHEN are_companies AND one.name_key = self.name_key AND (one.tax_id <> self.tax_id) IS NOT TRUE THEN 'name' END,
                CASE WHEN are_companies AND one.name_key <> self.name_key AND (one.tax_id <> self.tax_id) IS NOT TRUE
                    AND similarity(one.name_key, self.name_key) >= 0.5 THEN 'similar_name' END,
                CASE WHEN are_companies AND one.domain = self.domain THEN 'domain' END
            ], NULL) AS matched
        FROM alike JOIN self ON self.id = alike.self JOIN clients AS one ON one.id = alike.other,
            LATERAL (SELECT one.kind = 'organization' AND self.kind = 'organization' AS are_companies) AS kinds
        WHERE one.erased_at IS NULL
    )
    SELECT client_id, other_id, name_key, other_key, matched || array_remove(ARRAY[
        CASE WHEN same_city THEN 'city' END,
        CASE WHEN EXISTS (
            SELECT FROM contacts AS person JOIN contacts AS other ON other.client_id = found.other_id
            WHERE person.client_id = found.client_id AND (person.phone = other.phone OR search_fold(person.name) = search_fold(other.name))
        ) THEN 'contact' END
    ], NULL), same_city
    FROM found WHERE matched <> '{}';
END
$$;

-- Clients are told of all contacts that are entered at once.
CREATE FUNCTION contacts_tell_clients() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    UPDATE clients SET contact_words = told.words
    FROM (SELECT id, words_of_contacts(id) AS words FROM (SELECT DISTINCT client_id AS id FROM entered) AS one) AS told
    WHERE clients.id = told.id AND contact_words <> told.words;
    RETURN NULL;
END
$$;
DROP TRIGGER contacts_tell_client ON contacts;
CREATE TRIGGER contacts_tell_client
    AFTER DELETE OR UPDATE OF name, email, phone, other_emails, other_phones, messengers, retired_at ON contacts
    FOR EACH ROW EXECUTE FUNCTION contacts_tell_client();
CREATE TRIGGER contacts_tell_clients AFTER INSERT ON contacts
    REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION contacts_tell_clients();
