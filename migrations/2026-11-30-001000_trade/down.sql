UPDATE role_policies SET grants = grants - 'exchange_rates:read' - 'exchange_rates:create' - 'exchange_rates:update';
DROP FUNCTION in_own_currency(numeric, text, date);
DROP TABLE exchange_rates;
ALTER TABLE role_policies
    DROP COLUMN max_increase_percent,
    DROP COLUMN order_period_days,
    DROP COLUMN may_change_tax,
    DROP COLUMN may_exceed_credit,
    DROP COLUMN may_sell_inactive;
ALTER TABLE products DROP COLUMN is_divisible;
ALTER TABLE order_lines DROP COLUMN tax_reason;
ALTER TABLE orders DROP COLUMN rounding, DROP COLUMN rounded_per, DROP COLUMN prices_include_tax;
ALTER TABLE organization DROP COLUMN rounding, DROP COLUMN rounded_per, DROP COLUMN prices_include_tax;
