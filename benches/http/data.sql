-- The data of the benchmark: what a company of many managers has after three years. Everything follows from a number, so
-- that ids can be told without asking: the nth row of a kind has the id 01900000-0000-7<kind>-8000-<100000000000 + n>.
-- {clients} = {managers} × {each}; the client n belongs to the manager (n - 1) % {managers} + 1.

-- step: helpers
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT ('01900000-0000-7' || kind || '-8000-' || (100000000000 + n)::text)::uuid $$;
CREATE FUNCTION pg_temp.any(n bigint, salt bigint, below bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT (hashint8extended(n, salt) & 9223372036854775807) % below $$;
CREATE FUNCTION pg_temp.manager(client bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT (client - 1) % {managers} + 1 $$;
CREATE FUNCTION pg_temp.born(client bigint) RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT date_trunc('second', now()) - interval '3 years' * (1 - client / {clients}::float8 * 0.9) $$;
CREATE FUNCTION pg_temp.syllable(n bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT substr('{syllables}', (n * 3 + 1)::int, 3) $$;
-- The nth taxpayer number, with its check digit: a patch checks all fields of a client.
CREATE FUNCTION pg_temp.tax_id(n bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT digits || (SELECT sum(weight * substr(digits, place::int, 1)::int) % 11 % 10
                         FROM unnest(ARRAY[2, 4, 10, 3, 5, 9, 4, 6, 8]) WITH ORDINALITY AS of_digit (weight, place))
       FROM (SELECT (770000000 + n)::text AS digits) of_number $$;
-- The nth state registration number of a company, with its check digit.
CREATE FUNCTION pg_temp.registration_number(n bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT digits::text || digits % 11 % 10 FROM (SELECT 102770000000 + n AS digits) of_number $$;
SET maintenance_work_mem = '512MB';
SET work_mem = '128MB';
SET synchronous_commit = off;

-- step: indexes and foreign keys aside, to be built and checked at once when the rows are there
CREATE TEMP TABLE aside AS
    SELECT 1 AS turn, format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) AS remove,
           format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) AS restore
    FROM pg_constraint
    WHERE contype = 'f' AND conrelid = ANY ('{clients,contracts,contract_events,orders,order_lines,order_events,interactions}'::regclass[])
UNION ALL
    SELECT 2, format('DROP INDEX %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = ANY ('{clients,contracts,contract_events,orders,order_lines,order_events,interactions}'::regclass[])
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid);
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT remove FROM aside ORDER BY turn LOOP EXECUTE statement; END LOOP;
END $$;

-- step: teams, users, products, departments
INSERT INTO teams (id, version, created_at, updated_at, name)
    SELECT pg_temp.id('001', n), 1, pg_temp.born(0), pg_temp.born(0), 'Team ' || n
    FROM generate_series(1, ({managers} + 9) / 10) n;
INSERT INTO users (id, version, created_at, updated_at, name, email, role, team_id, status, password_hash,
        password_is_long, must_change_password, kind)
    SELECT pg_temp.id('002', n), 1, pg_temp.born(0), pg_temp.born(0), 'Manager ' || n, 'manager' || n || '@bench.example',
           'manager', pg_temp.id('001', (n - 1) / 10 + 1), 'active', '{password_hash}', true, false, 'person'
    FROM generate_series(1, {managers}) n;
INSERT INTO users (id, version, created_at, updated_at, name, email, role, team_id, status, password_hash,
        password_is_long, must_change_password, kind)
    SELECT pg_temp.id('002', 900000), 1, pg_temp.born(0), pg_temp.born(0), 'Supervisor', 'supervisor@bench.example',
           'supervisor', pg_temp.id('001', 1), 'active', '{password_hash}', true, false, 'person';
INSERT INTO products (id, version, created_at, updated_at, sku, name, kind, category, unit, base_price, currency, tax_rate,
        is_active)
    SELECT pg_temp.id('004', n), 1, pg_temp.born(0), pg_temp.born(0), 'SKU-' || n,
           initcap(pg_temp.syllable(n % 40) || pg_temp.syllable(n / 40)) || ' ' || n, 'good', 'Category ' || n % 12, 'piece',
           100 + n % 10 * 10, 'RUB', 20, true
    FROM generate_series(0, 499) n;
INSERT INTO departments (id, version, created_at, updated_at, name, kind, is_active)
    SELECT pg_temp.id('005', n), 1, pg_temp.born(0), pg_temp.born(0), 'Department ' || n, 'department', true
    FROM generate_series(1, 5) n;

-- step: clients
INSERT INTO clients (id, version, created_at, updated_at, kind, name, legal_name, tax_id, registration_number, industry,
        status, source, email, phone, messengers, address, website, employees, language, timezone, owner_id, team_id, is_key,
        tags, last_verified_at)
    SELECT pg_temp.id('003', n), 1, born, born + (now() - born) * (pg_temp.any(n, 2, 100000) / 100000.0),
           CASE WHEN mix % 8 = 0 THEN 'person' ELSE 'organization' END, initcap(word) || ' ' || form,
           'OOO ' || initcap(word), CASE WHEN mix % 8 <> 0 THEN pg_temp.tax_id(n) END,
           CASE WHEN mix % 8 <> 0 THEN pg_temp.registration_number(n) END,
           'Branch ' || mix % 20,
           (ARRAY['lead', 'lead', 'prospect', 'prospect', 'active', 'active', 'active', 'active', 'dormant', 'lost'])[mix % 10 + 1],
           (ARRAY['web', 'fair', 'call', 'partner'])[mix % 4 + 1], 'office' || n || '@' || word || '.example',
           '+7495' || lpad(pg_temp.any(n, 3, 10000000)::text, 7, '0'), jsonb_build_array(jsonb_build_object('kind', 'telegram', 'handle', word)),
           jsonb_build_object('street', 'Lenina ' || mix % 200, 'city', 'Moscow', 'region', null,
               'postal_code', lpad((mix % 999999)::text, 6, '0'), 'country', 'RU'),
           'https://' || word || '.example/', mix % 5000, 'ru', 'Europe/Moscow', pg_temp.id('002', manager),
           pg_temp.id('001', (manager - 1) / 10 + 1), false, ARRAY['wholesale', 'tag' || mix % 50], born
    FROM (
        SELECT n, pg_temp.manager(n) AS manager, pg_temp.born(n) AS born, pg_temp.any(n, 1, 1000000007) AS mix,
               pg_temp.syllable(pg_temp.any(n, 4, 40)) || pg_temp.syllable(pg_temp.any(n, 5, 40))
                   || pg_temp.syllable(pg_temp.any(n, 6, 40)) AS word,
               (ARRAY['Trading', 'Foods', 'Logistics', 'Retail', 'Partners'])[pg_temp.any(n, 7, 5) + 1] AS form
        FROM generate_series(1, {clients}) n
    ) of_client;

-- step: contracts
INSERT INTO contracts (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, number, title, status,
        author_id, amount, currency, starts_on, ends_on, initial_ends_on, auto_renew, notice_days, signatories, signed_on)
    SELECT pg_temp.id('006', n), 3, born, born, pg_temp.id('003', client), pg_temp.id('002', manager),
           pg_temp.id('001', (manager - 1) / 10 + 1), false, 'B-' || lpad(n::text, 9, '0'), 'Supply ' || n, 'active',
           pg_temp.id('002', manager), 100000 + n % 900000, 'RUB', born::date, (now() + interval '5 years')::date,
           (now() + interval '5 years')::date, false, 30, '[]', born::date
    FROM (
        SELECT n, client, pg_temp.manager(client) AS manager, pg_temp.born(client) AS born
        FROM generate_series(1, {clients} * 3 / 10) n CROSS JOIN LATERAL (SELECT (n - 1) * 10 / 3 + 1 AS client) of_contract
    ) of_client;
INSERT INTO contract_events (id, contract_id, client_id, at, actor_id, action, from_status, to_status)
    SELECT pg_temp.id('010', n * 2 + step), pg_temp.id('006', n), pg_temp.id('003', client), pg_temp.born(client),
           pg_temp.id('002', pg_temp.manager(client)), CASE step WHEN 0 THEN 'created' ELSE 'signed' END,
           CASE step WHEN 1 THEN 'approved' END, CASE step WHEN 0 THEN 'draft' ELSE 'signed' END
    FROM generate_series(1, {clients} * 3 / 10) n CROSS JOIN generate_series(0, 1) step
        CROSS JOIN LATERAL (SELECT (n - 1) * 10 / 3 + 1 AS client) of_contract;

-- step: orders
INSERT INTO orders (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, number, author_id, status,
        priority, currency, ordered_on, comment, net_total, tax_total, total, department_id, due_at, submitted_at,
        handed_over_at, fulfilled_at)
    SELECT pg_temp.id('007', n), 6, born, born + (now() - born) * (pg_temp.any(n, 2, 100000) / 100000.0),
           pg_temp.id('003', n), pg_temp.id('002', manager), pg_temp.id('001', (manager - 1) / 10 + 1), false,
           'B-' || lpad(n::text, 9, '0'), pg_temp.id('002', manager), 'closed', 'normal', 'RUB', born::date,
           'Call before delivery, gate ' || n % 100, 720, 144, 864, pg_temp.id('005', n % 5 + 1), born + interval '3 days',
           born, born, born + interval '2 days'
    FROM (
        SELECT n, pg_temp.manager(n) AS manager, pg_temp.born(n) AS born FROM generate_series(1, {clients}) n
    ) of_client;
INSERT INTO order_lines (id, order_id, position, product_id, name, unit, quantity, unit_price, discount_percent, tax_rate,
        net_amount, tax_amount, fulfilled_quantity)
    SELECT pg_temp.id('008', n * 4 + place), pg_temp.id('007', n), place, pg_temp.id('004', n % 50 * 10 + place),
           'Product ' || n % 50 * 10 + place, 'piece', 2, 100 + place * 10, 0, 20, 2 * (100 + place * 10),
           (2 * (100 + place * 10)) * 0.2, 2
    FROM generate_series(1, {clients}) n CROSS JOIN generate_series(1, 3) place;
INSERT INTO order_events (id, order_id, client_id, at, actor_id, action, from_status, to_status, exceeded)
    SELECT pg_temp.id('011', n * 2 + step), pg_temp.id('007', n), pg_temp.id('003', n), born + interval '1 day' * step,
           pg_temp.id('002', pg_temp.manager(n)), CASE step WHEN 0 THEN 'submitted' ELSE 'closed' END,
           CASE step WHEN 0 THEN 'draft' ELSE 'fulfilled' END, CASE step WHEN 0 THEN 'approved' ELSE 'closed' END, '[]'
    FROM (SELECT n, pg_temp.born(n) AS born FROM generate_series(1, {clients}) n) of_client
        CROSS JOIN generate_series(0, 1) step;

-- step: drafts of ten lines, to be submitted
INSERT INTO orders (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, number, author_id, status,
        priority, currency, ordered_on, net_total, tax_total, total)
    SELECT pg_temp.id('012', n), 1, now() - interval '1 day', now() - interval '1 day', pg_temp.id('003', client),
           pg_temp.id('002', manager), pg_temp.id('001', (manager - 1) / 10 + 1), false, 'D-' || 100000000000 + n,
           pg_temp.id('002', manager), 'draft', 'normal', 'RUB', current_date, 2900, 580, 3480
    FROM generate_series(1, {drafts}) n
        CROSS JOIN LATERAL (SELECT {readers} + (n - 1) % {writers} + 1 AS manager) of_draft
        CROSS JOIN LATERAL (SELECT manager + (n - 1) / {writers} % {each} * {managers} AS client) of_manager;
INSERT INTO order_lines (id, order_id, position, product_id, name, unit, quantity, unit_price, discount_percent, tax_rate,
        net_amount, tax_amount, fulfilled_quantity)
    SELECT pg_temp.id('013', n * 16 + place), pg_temp.id('012', n), place, pg_temp.id('004', n % 50 * 10 + place % 10),
           'Product ' || n % 50 * 10 + place % 10, 'piece', 2, 100 + place % 10 * 10, 0, 20, 2 * (100 + place % 10 * 10),
           (2 * (100 + place % 10 * 10)) * 0.2, 0
    FROM generate_series(1, {drafts}) n CROSS JOIN generate_series(1, 10) place;
-- Nothing is ordered for clients that are lost or archived.
UPDATE clients SET status = 'active', archived_from = NULL
    WHERE status IN ('lost', 'archived') AND id IN (SELECT client_id FROM orders WHERE status = 'draft');

-- step: interactions, one for each client and fifty more for every 25th of each manager
INSERT INTO interactions (id, version, created_at, updated_at, client_id, owner_id, team_id, is_key, user_id, channel,
        direction, purpose, status, occurred_at, duration_seconds, subject, summary, outcome)
    SELECT pg_temp.id('009', n), 1, at, at, pg_temp.id('003', client), pg_temp.id('002', manager),
           pg_temp.id('001', (manager - 1) / 10 + 1), false, pg_temp.id('002', manager),
           (ARRAY['phone', 'email', 'messenger', 'meeting'])[n % 4 + 1], 'outbound', 'negotiation', 'done', at, 300,
           'About ' || pg_temp.syllable(pg_temp.any(n, 8, 40)) || pg_temp.syllable(pg_temp.any(n, 9, 40)) || ' ' || n % 1000,
           'They asked for ' || pg_temp.any(n, 10, 1000) || ' pieces by the end of the month.', 'positive'
    FROM (
        SELECT n, client, pg_temp.manager(client) AS manager,
               pg_temp.born(client) + (now() - pg_temp.born(client)) * (pg_temp.any(n, 11, 100000) / 100000.0) AS at
        FROM generate_series(1, {clients} * 3) n CROSS JOIN LATERAL (
            SELECT CASE WHEN n <= {clients} THEN n
                   ELSE 1 + (n - {clients} - 1) % {managers}
                       + (n - {clients} - 1) / {managers} % ({each} / 25) * 25 * {managers} END AS client
        ) of_interaction
    ) of_client;

-- step: indexes
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT restore FROM aside WHERE turn = 2 LOOP EXECUTE statement; END LOOP;
END $$;

-- step: foreign keys
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT restore FROM aside WHERE turn = 1 LOOP EXECUTE statement; END LOOP;
END $$;

-- step: statistics
VACUUM (ANALYZE, PARALLEL 0);

-- step: checkpoint
CHECKPOINT;
