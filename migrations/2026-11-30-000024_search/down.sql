DROP TRIGGER contacts_tell_client ON contacts;
ALTER TABLE clients DROP COLUMN search;
ALTER TABLE clients ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(name || ' ' || coalesce(legal_name, '') || ' ' || coalesce(tax_id, '') || ' '
    || coalesce(email, '') || ' ' || coalesce(phone, '') || ' ' || coalesce(external_id, ''))
) STORED;
CREATE INDEX clients_search_idx ON clients USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE contacts DROP COLUMN search;
ALTER TABLE contacts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(name || ' ' || coalesce(job_title, '') || ' ' || coalesce(email, '') || ' ' || coalesce(phone, ''))
) STORED;
CREATE INDEX contacts_search_idx ON contacts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE products DROP COLUMN search;
ALTER TABLE products ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(name || ' ' || sku || ' ' || coalesce(category, '') || ' ' || coalesce(supplier, ''))
) STORED;
CREATE INDEX products_search_idx ON products USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE contracts DROP COLUMN search;
ALTER TABLE contracts ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(number || ' ' || title)
) STORED;
CREATE INDEX contracts_search_idx ON contracts USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE orders DROP COLUMN search;
ALTER TABLE orders ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(number || ' ' || coalesce(comment, ''))
) STORED;
CREATE INDEX orders_search_idx ON orders USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE interactions DROP COLUMN search;
ALTER TABLE interactions ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(subject || ' ' || coalesce(summary, ''))
) STORED;
CREATE INDEX interactions_search_idx ON interactions USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
ALTER TABLE users DROP COLUMN search;
ALTER TABLE users ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(name || ' ' || coalesce(email, '') || ' ' || coalesce(job_title, ''))
) STORED;
CREATE INDEX users_search_idx ON users USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
DROP INDEX users_name_idx;
CREATE INDEX users_name_idx ON users (name, id);
DROP INDEX products_name_idx;
CREATE INDEX products_name_idx ON products (name, id);
DROP INDEX products_category_idx;
CREATE INDEX products_category_idx ON products (category, name, id);
DROP INDEX contacts_client_id_name_idx;
CREATE INDEX contacts_client_id_name_idx ON contacts (client_id, name, id);
DROP INDEX contacts_name_idx;
CREATE INDEX contacts_name_idx ON contacts (name, id);
DROP INDEX clients_name_idx;
CREATE INDEX clients_name_idx ON clients (name, id);
DROP INDEX clients_owner_id_name_idx;
CREATE INDEX clients_owner_id_name_idx ON clients (owner_id, name, id);
DROP INDEX clients_phone_idx;
DROP INDEX clients_email_idx;
DROP INDEX clients_other_phones_idx;
DROP INDEX clients_other_emails_idx;
ALTER TABLE clients
    DROP COLUMN contact_words,
    DROP COLUMN name_key,
    DROP COLUMN domain;
DROP FUNCTION client_domain(text, text);
DROP FUNCTION search_name_key(text);
DROP FUNCTION contacts_tell_client();
DROP FUNCTION words_of_contacts(uuid);
DROP FUNCTION search_document(text[], text[], text);
DROP FUNCTION search_list(text[]);
DROP FUNCTION search_fold(text);
DROP COLLATION names;
