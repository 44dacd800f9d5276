-- The organisation's own fields: what they are, and their values with the rows. The new columns have a constant default, so no
-- table is rewritten, and what a row is found by is computed by a trigger from now on, since a generated column could take
-- in the values only by a rewrite.
CREATE TABLE custom_fields (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resource text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    is_confidential boolean NOT NULL,
    is_unique boolean NOT NULL,
    is_indexed boolean NOT NULL,
    is_searchable boolean NOT NULL,
    label_en text NOT NULL,
    label_ru text NOT NULL,
    help_en text,
    help_ru text,
    choices jsonb NOT NULL,
    is_required boolean NOT NULL,
    required_for_kinds jsonb NOT NULL,
    required_in_statuses jsonb NOT NULL,
    default_value jsonb,
    minimum numeric(19, 4),
    maximum numeric(19, 4),
    max_length integer,
    is_personal boolean NOT NULL,
    position integer NOT NULL,
    is_active boolean NOT NULL,
    CONSTRAINT custom_fields_resource_name_key UNIQUE (resource, name)
);
CREATE INDEX custom_fields_position_idx ON custom_fields (position, id);
CREATE INDEX custom_fields_updated_at_idx ON custom_fields (updated_at DESC, id DESC);

ALTER TABLE clients ADD COLUMN custom_fields jsonb NOT NULL DEFAULT '{}', ADD COLUMN confidential_custom_fields jsonb;
ALTER TABLE contacts ADD COLUMN custom_fields jsonb NOT NULL DEFAULT '{}';
ALTER TABLE interactions ADD COLUMN custom_fields jsonb NOT NULL DEFAULT '{}';
ALTER TABLE products ADD COLUMN custom_fields jsonb NOT NULL DEFAULT '{}', ADD COLUMN confidential_custom_fields jsonb;
ALTER TABLE contracts ADD COLUMN custom_fields jsonb NOT NULL DEFAULT '{}';
ALTER TABLE orders ADD COLUMN custom_fields jsonb NOT NULL DEFAULT '{}';

UPDATE client_merges SET kept = jsonb_set(kept, '{clients,0,custom_fields}', '{}') WHERE kept #> '{clients,0}' IS NOT NULL;

-- The values that rows are filtered and sorted by, or that only one row may have: one row for each, and for each of several
-- choices. The triggers below keep them; nothing else writes here.
CREATE TABLE custom_values (
    field_id uuid NOT NULL,
    row_id uuid NOT NULL,
    place bigint NOT NULL,
    text_value text,
    number_value numeric,
    is_unique boolean NOT NULL,
    PRIMARY KEY (field_id, row_id, place),
    CONSTRAINT custom_values_field_id_fkey FOREIGN KEY (field_id) REFERENCES custom_fields (id)
);
CREATE INDEX custom_values_row_id_idx ON custom_values (row_id);
CREATE INDEX custom_values_text_idx ON custom_values (field_id, (text_value COLLATE names), row_id) WHERE text_value IS NOT NULL;
CREATE INDEX custom_values_number_idx ON custom_values (field_id, number_value, row_id) WHERE number_value IS NOT NULL;
CREATE UNIQUE INDEX custom_values_unique_key ON custom_values (field_id, coalesce(text_value, trim_scale(number_value)::text))
    WHERE is_unique;

-- A value as it is sorted by, when it is a number: an amount, a day counted from 1970, yes and no.
CREATE FUNCTION custom_number(kind text, given jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE kind
        WHEN 'number' THEN (given #>> '{}')::numeric
        WHEN 'money' THEN (given ->> 'amount')::numeric
        WHEN 'date' THEN ((given #>> '{}')::date - date '1970-01-01')::numeric
        WHEN 'boolean' THEN (given #>> '{}')::boolean::integer::numeric
    END
$$;

CREATE FUNCTION keep_custom_values() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM public.custom_values WHERE row_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO public.custom_values (field_id, row_id, place, text_value, number_value, is_unique)
            SELECT defined.id, NEW.id, part.place,
                CASE WHEN defined.kind IN ('text', 'choice', 'choices', 'user', 'client') THEN part.given #>> '{}' END,
                public.custom_number(defined.kind, part.given), defined.is_unique
            FROM jsonb_each(NEW.custom_fields) AS one (name, given)
            JOIN public.custom_fields AS defined ON defined.resource = TG_TABLE_NAME AND defined.name = one.name
                AND (defined.is_indexed OR defined.is_unique)
            CROSS JOIN LATERAL jsonb_array_elements(
                CASE WHEN defined.kind = 'choices' THEN one.given ELSE jsonb_build_array(one.given) END)
                WITH ORDINALITY AS part (given, place);
    END IF;
    RETURN NULL;
END
$$;

-- The words of the texts that are searched, in the spelling of the search.
CREATE FUNCTION custom_words(of_resource text, custom jsonb) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF custom = '{}' THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT string_agg(custom ->> defined.name, ' ' ORDER BY defined.name) FROM public.custom_fields AS defined
        WHERE defined.resource = of_resource AND defined.is_searchable AND custom ? defined.name);
END
$$;

ALTER TABLE clients ALTER COLUMN search DROP EXPRESSION;
CREATE FUNCTION search_of_client() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.search := public.search_document(ARRAY[NEW.name, NEW.legal_name], ARRAY[NEW.tax_id, NEW.registration_number,
        NEW.email, NEW.phone, NEW.website, NEW.address ->> 'city',
        jsonb_path_query_array(NEW.external_ids, '$[*].id')::text,
        jsonb_path_query_array(NEW.other_emails, '$[*].address')::text, jsonb_path_query_array(NEW.other_phones, '$[*].number')::text,
        jsonb_path_query_array(NEW.messengers, '$[*].handle')::text, jsonb_path_query_array(NEW.foreign_ids, '$[*].number')::text,
        public.search_list(NEW.tags), public.custom_words('clients', NEW.custom_fields)], NEW.contact_words);
    RETURN NEW;
END
$$;
CREATE TRIGGER search_of_client BEFORE INSERT OR UPDATE ON clients FOR EACH ROW EXECUTE FUNCTION search_of_client();

ALTER TABLE contacts ALTER COLUMN search DROP EXPRESSION;
CREATE FUNCTION search_of_contact() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.search := public.search_document(ARRAY[NEW.name], ARRAY[NEW.job_title, NEW.email, NEW.phone,
        jsonb_path_query_array(NEW.other_emails, '$[*].address')::text, jsonb_path_query_array(NEW.other_phones, '$[*].number')::text,
        jsonb_path_query_array(NEW.messengers, '$[*].handle')::text, public.custom_words('contacts', NEW.custom_fields)]);
    RETURN NEW;
END
$$;
CREATE TRIGGER search_of_contact BEFORE INSERT OR UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION search_of_contact();

ALTER TABLE interactions ALTER COLUMN search DROP EXPRESSION;
CREATE FUNCTION search_of_interaction() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.search := public.search_document(ARRAY[NEW.subject], ARRAY[NEW.summary, public.custom_words('interactions', NEW.custom_fields)]);
    RETURN NEW;
END
$$;
CREATE TRIGGER search_of_interaction BEFORE INSERT OR UPDATE ON interactions FOR EACH ROW EXECUTE FUNCTION search_of_interaction();

ALTER TABLE products ALTER COLUMN search DROP EXPRESSION;
CREATE FUNCTION search_of_product() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.search := public.search_document(ARRAY[NEW.name, NEW.sku], ARRAY[NEW.category, NEW.supplier, public.custom_words('products', NEW.custom_fields)]);
    RETURN NEW;
END
$$;
CREATE TRIGGER search_of_product BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION search_of_product();

ALTER TABLE contracts ALTER COLUMN search DROP EXPRESSION;
CREATE FUNCTION search_of_contract() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.search := public.search_document(ARRAY[NEW.number, NEW.title], ARRAY[public.custom_words('contracts', NEW.custom_fields)]);
    RETURN NEW;
END
$$;
CREATE TRIGGER search_of_contract BEFORE INSERT OR UPDATE ON contracts FOR EACH ROW EXECUTE FUNCTION search_of_contract();

ALTER TABLE orders ALTER COLUMN search DROP EXPRESSION;
CREATE FUNCTION search_of_order() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    NEW.search := public.search_document(ARRAY[NEW.number], ARRAY[NEW.comment, public.custom_words('orders', NEW.custom_fields)]);
    RETURN NEW;
END
$$;
CREATE TRIGGER search_of_order BEFORE INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION search_of_order();

DO $$
DECLARE
    kept text;
BEGIN
    FOREACH kept IN ARRAY ARRAY['clients', 'contacts', 'interactions', 'products', 'contracts', 'orders'] LOOP
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT ON %I FOR EACH ROW
            WHEN (NEW.custom_fields <> ''{}'') EXECUTE FUNCTION keep_custom_values()', kept || '_custom_values', kept);
        EXECUTE format('CREATE TRIGGER %I AFTER UPDATE ON %I FOR EACH ROW
            WHEN (NEW.custom_fields <> OLD.custom_fields) EXECUTE FUNCTION keep_custom_values()', kept || '_custom_values_changed', kept);
        EXECUTE format('CREATE TRIGGER %I AFTER DELETE ON %I FOR EACH ROW
            WHEN (OLD.custom_fields <> ''{}'') EXECUTE FUNCTION keep_custom_values()', kept || '_custom_values_deleted', kept);
    END LOOP;
END
$$;

-- The values that tell of nobody: those that an erasure leaves.
CREATE FUNCTION custom_without_personal(of_resource text, custom jsonb) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
    SELECT custom - coalesce((SELECT array_agg(name) FROM public.custom_fields WHERE resource = of_resource AND is_personal), '{}')
$$;

UPDATE role_policies SET grants = grants || jsonb_build_object('custom_fields:read', 'all',
    'custom_fields:create', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END,
    'custom_fields:update', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END);
