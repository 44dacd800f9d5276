-- Who else sells, and what they offer on the same need as a product.

CREATE TABLE competitors (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name text NOT NULL,
    website text,
    strengths text,
    weaknesses text,
    is_active boolean NOT NULL,
    CONSTRAINT competitors_name_key UNIQUE (name)
);
CREATE INDEX competitors_updated_at_idx ON competitors (updated_at DESC, id DESC);

CREATE TABLE competitor_offers (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    product_id uuid NOT NULL,
    competitor_id uuid NOT NULL,
    name text NOT NULL,
    price numeric(15, 2),
    currency text,
    seen_on date NOT NULL,
    source text,
    better_at text,
    worse_at text,
    is_active boolean NOT NULL,
    CONSTRAINT competitor_offers_name_key UNIQUE (product_id, competitor_id, name),
    CONSTRAINT competitor_offers_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT competitor_offers_competitor_id_fkey FOREIGN KEY (competitor_id) REFERENCES competitors (id),
    CONSTRAINT competitor_offers_price_check CHECK ((price IS NULL) = (currency IS NULL))
);
CREATE INDEX competitor_offers_competitor_id_idx ON competitor_offers (competitor_id);
CREATE INDEX competitor_offers_updated_at_idx ON competitor_offers (updated_at DESC, id DESC);

UPDATE role_policies SET grants = grants || jsonb_build_object(
    'competitors:read', 'all', 'competitor_offers:read', 'all', 'competitor_offers:create', 'all', 'competitor_offers:update', 'all',
    'competitors:create', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END,
    'competitors:update', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END);
