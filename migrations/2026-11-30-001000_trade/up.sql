-- Amounts that can be paid, and what an order needs approval for. The defaults are for servers of the version before, which may
-- still run.

ALTER TABLE organization
    ADD COLUMN rounding text NOT NULL DEFAULT 'half_up',
    ADD COLUMN rounded_per text NOT NULL DEFAULT 'line',
    ADD COLUMN prices_include_tax boolean NOT NULL DEFAULT false;

-- Orders that are there keep their amounts.
ALTER TABLE orders
    ADD COLUMN rounding text NOT NULL DEFAULT 'none',
    ADD COLUMN rounded_per text NOT NULL DEFAULT 'line',
    ADD COLUMN prices_include_tax boolean NOT NULL DEFAULT false;

-- Why a line has another tax than its product.
ALTER TABLE order_lines ADD COLUMN tax_reason text;

-- Of products whose stock keeping units differ by case only, the later ones get another: see the index that follows.
UPDATE products AS later SET sku = left(later.sku, 41) || '-' || right(later.id::text, 8)
WHERE EXISTS (SELECT FROM products AS one WHERE lower(one.sku) = lower(later.sku) AND one.id < later.id);

-- Products that are there go on being sold in any quantity.
ALTER TABLE products ADD COLUMN is_divisible boolean NOT NULL DEFAULT true;

ALTER TABLE role_policies
    ADD COLUMN max_increase_percent numeric(5, 2),
    ADD COLUMN order_period_days integer NOT NULL DEFAULT 1,
    ADD COLUMN may_change_tax boolean NOT NULL DEFAULT false,
    ADD COLUMN may_exceed_credit boolean NOT NULL DEFAULT false,
    ADD COLUMN may_sell_inactive boolean NOT NULL DEFAULT false;
UPDATE role_policies SET
    max_increase_percent = CASE role WHEN 'manager' THEN 10 WHEN 'key_account_manager' THEN 25 END,
    may_change_tax = role = 'supervisor',
    may_exceed_credit = role = 'supervisor',
    may_sell_inactive = role = 'supervisor';

-- What one unit of a currency is worth in the organisation's, from a day on.
CREATE TABLE exchange_rates (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    currency text NOT NULL,
    to_currency text NOT NULL,
    rate numeric(20, 8) NOT NULL,
    starts_on date NOT NULL,
    CONSTRAINT exchange_rates_starts_on_key UNIQUE (currency, to_currency, starts_on),
    CONSTRAINT exchange_rates_rate_check CHECK (rate > 0)
);
CREATE INDEX exchange_rates_starts_on_idx ON exchange_rates (starts_on DESC, id DESC);
CREATE INDEX exchange_rates_updated_at_idx ON exchange_rates (updated_at DESC, id DESC);

-- By the last rate from the day or before; NULL where there is none.
CREATE FUNCTION in_own_currency(amount numeric, currency text, day date) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN organization.currency = in_own_currency.currency THEN in_own_currency.amount
        ELSE in_own_currency.amount * (
            SELECT rate FROM exchange_rates
            WHERE exchange_rates.currency = in_own_currency.currency AND to_currency = organization.currency
                AND starts_on <= in_own_currency.day
            ORDER BY starts_on DESC LIMIT 1
        )
    END
    FROM organization
$$;

UPDATE role_policies SET grants = grants || jsonb_build_object('exchange_rates:read', 'all',
    'exchange_rates:create', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END,
    'exchange_rates:update', CASE role WHEN 'supervisor' THEN 'all' ELSE 'none' END);
