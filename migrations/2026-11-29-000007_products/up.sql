-- What the company sells, with its strengths and weaknesses.

CREATE TABLE products (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    sku text NOT NULL,
    name text NOT NULL,
    kind text NOT NULL,
    category text,
    supplier text,
    unit text NOT NULL,
    base_price numeric(15, 2) NOT NULL,
    currency text NOT NULL,
    tax_rate numeric(5, 2) NOT NULL,
    min_price numeric(15, 2),
    strengths text,
    weaknesses text,
    is_active boolean NOT NULL,
    search text NOT NULL GENERATED ALWAYS AS (
        lower(name || ' ' || sku || ' ' || coalesce(category, '') || ' ' || coalesce(supplier, ''))
    ) STORED,
    CONSTRAINT products_sku_key UNIQUE (sku),
    CONSTRAINT products_kind_check CHECK (kind IN ('good', 'service'))
);
CREATE INDEX products_updated_at_idx ON products (updated_at DESC, id DESC);
CREATE INDEX products_name_idx ON products (name, id);
CREATE INDEX products_search_idx ON products USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);
CREATE INDEX products_category_idx ON products (category, name, id);
