-- The organisation that works with this server: one row, with its requisites and what "today", an amount and a telephone
-- number without a country mean. Users may have a time zone and a language of their own.
CREATE TABLE organization (
    is_only boolean NOT NULL DEFAULT true,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    name text NOT NULL,
    legal_name text,
    tax_id text,
    kpp text,
    registration_number text,
    address jsonb,
    bank_account jsonb,
    signatory jsonb,
    currency text NOT NULL,
    timezone text NOT NULL,
    phone_region text NOT NULL,
    language text NOT NULL,
    fiscal_year_begins smallint NOT NULL,
    CONSTRAINT organization_pkey PRIMARY KEY (is_only),
    CONSTRAINT organization_is_only_check CHECK (is_only),
    CONSTRAINT organization_language_check CHECK (language IN ('en', 'ru')),
    CONSTRAINT organization_fiscal_year_begins_check CHECK (fiscal_year_begins BETWEEN 1 AND 12)
);
INSERT INTO organization (version, created_at, updated_at, name, currency, timezone, phone_region, language, fiscal_year_begins)
    VALUES (1, now(), now(), 'Our organisation', 'RUB', 'UTC', 'RU', 'en', 1);

ALTER TABLE users
    ADD COLUMN timezone text,
    ADD COLUMN language text,
    ADD CONSTRAINT users_language_check CHECK (language IN ('en', 'ru')) NOT VALID;

UPDATE role_policies SET grants = grants || jsonb_build_object('organization:read', 'all', 'organization:update',
    CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END);
