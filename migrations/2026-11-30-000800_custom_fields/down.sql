UPDATE role_policies SET grants = grants - ARRAY['custom_fields:read', 'custom_fields:create', 'custom_fields:update'];
DROP TRIGGER orders_custom_values_deleted ON orders;
DROP TRIGGER orders_custom_values_changed ON orders;
DROP TRIGGER orders_custom_values ON orders;
DROP TRIGGER search_of_order ON orders;
DROP FUNCTION search_of_order();
ALTER TABLE orders DROP COLUMN search;
ALTER TABLE orders ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[number], ARRAY[comment])
) STORED;
CREATE INDEX orders_search_idx ON orders USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
DROP TRIGGER contracts_custom_values_deleted ON contracts;
DROP TRIGGER contracts_custom_values_changed ON contracts;
DROP TRIGGER contracts_custom_values ON contracts;
DROP TRIGGER search_of_contract ON contracts;
DROP FUNCTION search_of_contract();
ALTER TABLE contracts DROP COLUMN search;
ALTER TABLE contracts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[number, title], ARRAY[]::text[])
) STORED;
CREATE INDEX contracts_search_idx ON contracts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
DROP TRIGGER products_custom_values_deleted ON products;
DROP TRIGGER products_custom_values_changed ON products;
DROP TRIGGER products_custom_values ON products;
DROP TRIGGER search_of_product ON products;
DROP FUNCTION search_of_product();
ALTER TABLE products DROP COLUMN search;
ALTER TABLE products ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name, sku], ARRAY[category, supplier])
) STORED;
CREATE INDEX products_search_idx ON products USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
DROP TRIGGER interactions_custom_values_deleted ON interactions;
DROP TRIGGER interactions_custom_values_changed ON interactions;
DROP TRIGGER interactions_custom_values ON interactions;
DROP TRIGGER search_of_interaction ON interactions;
DROP FUNCTION search_of_interaction();
ALTER TABLE interactions DROP COLUMN search;
ALTER TABLE interactions ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[subject], ARRAY[summary])
) STORED;
CREATE INDEX interactions_search_idx ON interactions USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
DROP TRIGGER contacts_custom_values_deleted ON contacts;
DROP TRIGGER contacts_custom_values_changed ON contacts;
DROP TRIGGER contacts_custom_values ON contacts;
DROP TRIGGER search_of_contact ON contacts;
DROP FUNCTION search_of_contact();
ALTER TABLE contacts DROP COLUMN search;
ALTER TABLE contacts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name], ARRAY[job_title, email, phone, jsonb_path_query_array(other_emails, '$[*].address')::text,
        jsonb_path_query_array(other_phones, '$[*].number')::text, jsonb_path_query_array(messengers, '$[*].handle')::text])
) STORED;
CREATE INDEX contacts_search_idx ON contacts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
DROP TRIGGER clients_custom_values_deleted ON clients;
DROP TRIGGER clients_custom_values_changed ON clients;
DROP TRIGGER clients_custom_values ON clients;
DROP TRIGGER search_of_client ON clients;
DROP FUNCTION search_of_client();
ALTER TABLE clients DROP COLUMN search;
ALTER TABLE clients ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    search_document(ARRAY[name, legal_name], ARRAY[tax_id, registration_number, email, phone, website, address ->> 'city',
        jsonb_path_query_array(external_ids, '$[*].id')::text,
        jsonb_path_query_array(other_emails, '$[*].address')::text, jsonb_path_query_array(other_phones, '$[*].number')::text,
        jsonb_path_query_array(messengers, '$[*].handle')::text, jsonb_path_query_array(foreign_ids, '$[*].number')::text,
        search_list(tags)], contact_words)
) STORED;
CREATE INDEX clients_search_idx ON clients USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
DROP FUNCTION custom_without_personal(text, jsonb);
DROP FUNCTION custom_words(text, jsonb);
DROP FUNCTION keep_custom_values();
DROP FUNCTION custom_number(text, jsonb);
DROP TABLE custom_values;
ALTER TABLE orders DROP COLUMN custom_fields;
ALTER TABLE contracts DROP COLUMN custom_fields;
ALTER TABLE products DROP COLUMN custom_fields, DROP COLUMN confidential_custom_fields;
ALTER TABLE interactions DROP COLUMN custom_fields;
ALTER TABLE contacts DROP COLUMN custom_fields;
ALTER TABLE clients DROP COLUMN custom_fields, DROP COLUMN confidential_custom_fields;
DROP TABLE custom_fields;
