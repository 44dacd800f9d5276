-- Merges of clients that were one. The client that is given up is deleted, and stays here with all that belonged to it alone, so
-- that a merge can be undone.
CREATE TABLE client_merges (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    survivor_id uuid NOT NULL,
    merged_id uuid NOT NULL,
    merged_name text NOT NULL,
    merged_by uuid,
    reason text,
    moved jsonb NOT NULL,
    kept jsonb NOT NULL,
    changed jsonb NOT NULL,
    undone_at timestamptz,
    undone_by uuid,
    CONSTRAINT client_merges_merged_by_fkey FOREIGN KEY (merged_by) REFERENCES users (id),
    CONSTRAINT client_merges_undone_by_fkey FOREIGN KEY (undone_by) REFERENCES users (id)
);
-- A client is given up once, unless that is undone.
CREATE UNIQUE INDEX client_merges_merged_id_key ON client_merges (merged_id) WHERE undone_at IS NULL;
CREATE INDEX client_merges_survivor_id_created_at_idx ON client_merges (survivor_id, created_at DESC, id DESC);
CREATE INDEX client_merges_created_at_idx ON client_merges (created_at DESC, id DESC);
CREATE INDEX client_merges_merged_by_idx ON client_merges (merged_by);
CREATE INDEX client_merges_undone_by_idx ON client_merges (undone_by);

-- The client that `merged` has become, through as many merges as there were; null when it was not merged.
CREATE FUNCTION client_merged_into(merged uuid) RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    WITH RECURSIVE chain (id) AS (
        SELECT survivor_id FROM public.client_merges WHERE merged_id = merged AND undone_at IS NULL
        UNION
        SELECT merge.survivor_id FROM public.client_merges AS merge JOIN chain ON merge.merged_id = chain.id
        WHERE merge.undone_at IS NULL
    )
    SELECT clients.id FROM public.clients JOIN chain ON chain.id = clients.id
$$;

-- Moves what hangs on one client to another: `rows` has the ids by table, and every row that refers to one of them goes along. All in one
-- statement, since references between the rows hold only when all have moved.
CREATE FUNCTION move_rows_of_client(from_client uuid, to_client uuid, rows jsonb, primary_contact uuid) RETURNS jsonb
    LANGUAGE plpgsql AS $$
DECLARE
    heir public.clients;
    moved jsonb;
BEGIN
    SELECT * INTO heir FROM public.clients WHERE id = to_client;
    WITH asked (kind, id) AS (
        SELECT kind, id::uuid FROM jsonb_each(rows) AS rows_of (kind, ids), jsonb_array_elements_text(ids) AS id
    ), moved_contacts AS (
        UPDATE public.contacts AS row
        SET client_id = to_client, owner_id = heir.owner_id, team_id = heir.team_id, is_key = heir.is_key,
            is_primary = row.id IS NOT DISTINCT FROM primary_contact, version = row.version + 1
        WHERE row.client_id = from_client AND row.id IN (SELECT id FROM asked WHERE kind = 'contacts')
        RETURNING row.id
    ), moved_contracts AS (
        UPDATE public.contracts AS row
        SET client_id = to_client, owner_id = heir.owner_id, team_id = heir.team_id, is_key = heir.is_key, version = row.version + 1
        WHERE row.client_id = from_client AND row.id IN (SELECT id FROM asked WHERE kind = 'contracts')
        RETURNING row.id
    ), moved_contract_events AS (
        UPDATE public.contract_events AS row SET client_id = to_client
        WHERE row.client_id = from_client AND row.contract_id IN (SELECT id FROM asked WHERE kind = 'contracts')
    ), moved_orders AS (
        UPDATE public.orders AS row
        SET client_id = to_client, owner_id = heir.owner_id, team_id = heir.team_id, is_key = heir.is_key, version = row.version + 1
        WHERE row.client_id = from_client AND (row.id IN (SELECT id FROM asked WHERE kind = 'orders')
            OR row.contract_id IN (SELECT id FROM asked WHERE kind = 'contracts'))
        RETURNING row.id
    ), moved_order_events AS (
        UPDATE public.order_events AS row SET client_id = to_client
        WHERE row.client_id = from_client AND row.order_id IN (
            SELECT id FROM asked WHERE kind = 'orders'
            UNION SELECT id FROM public.orders WHERE contract_id IN (SELECT id FROM asked WHERE kind = 'contracts')
        )
    ), moved_interactions AS (
        UPDATE public.interactions AS row
        SET client_id = to_client, owner_id = heir.owner_id, team_id = heir.team_id, is_key = heir.is_key, version = row.version + 1
        WHERE row.client_id = from_client AND (row.id IN (SELECT id FROM asked WHERE kind = 'interactions')
            OR row.contact_id IN (SELECT id FROM asked WHERE kind = 'contacts')
            OR row.contract_id IN (SELECT id FROM asked WHERE kind = 'contracts')
            OR row.order_id IN (SELECT id FROM asked WHERE kind = 'orders'))
        RETURNING row.id
    ), moved_requests AS (
        UPDATE public.access_requests AS row
        SET client_id = to_client, owner_id = heir.owner_id, team_id = heir.team_id, is_key = heir.is_key, version = row.version + 1
        WHERE row.client_id = from_client AND row.id IN (SELECT id FROM asked WHERE kind = 'access_requests')
            -- Nobody asks for access to one client twice at once.
            AND NOT (row.status = 'open' AND EXISTS (SELECT FROM public.access_requests AS other
                WHERE other.client_id = to_client AND other.requester_id = row.requester_id AND other.status = 'open'))
        RETURNING row.id
    ), moved_erasures AS (
        UPDATE public.erasures AS row SET client_id = to_client
        WHERE row.client_id = from_client AND (row.id IN (SELECT id FROM asked WHERE kind = 'erasures')
            OR row.subject_id IN (SELECT id FROM asked WHERE kind = 'contacts'))
        RETURNING row.id
    ), moved_children AS (
        UPDATE public.clients AS row SET parent_id = to_client, version = row.version + 1
        WHERE row.parent_id = from_client AND row.id <> to_client AND row.id IN (SELECT id FROM asked WHERE kind = 'children')
        RETURNING row.id
    )
    SELECT jsonb_build_object(
        'contacts', (SELECT coalesce(jsonb_agg(id), '[]') FROM moved_contacts),
        'contracts', (SELECT coalesce(jsonb_agg(id), '[]') FROM moved_contracts),
        'orders', (SELECT coalesce(jsonb_agg(id), '[]') FROM moved_orders),
        'interactions', (SELECT coalesce(jsonb_agg(id), '[]') FROM moved_interactions),
        'access_requests', (SELECT coalesce(jsonb_agg(id), '[]') FROM moved_requests),
        'erasures', (SELECT coalesce(jsonb_agg(id), '[]') FROM moved_erasures),
        'children', (SELECT coalesce(jsonb_agg(id), '[]') FROM moved_children)
    ) INTO moved;
    UPDATE public.clients AS client SET contact_words = public.words_of_contacts(client.id) WHERE client.id IN (from_client, to_client);
    RETURN moved;
END
$$;

-- The ids of everything that hangs on a client, by table.
CREATE FUNCTION rows_of_client(client uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT jsonb_build_object(
        'contacts', (SELECT coalesce(jsonb_agg(id), '[]') FROM public.contacts WHERE client_id = client),
        'contracts', (SELECT coalesce(jsonb_agg(id), '[]') FROM public.contracts WHERE client_id = client),
        'orders', (SELECT coalesce(jsonb_agg(id), '[]') FROM public.orders WHERE client_id = client),
        'interactions', (SELECT coalesce(jsonb_agg(id), '[]') FROM public.interactions WHERE client_id = client),
        'access_requests', (SELECT coalesce(jsonb_agg(id), '[]') FROM public.access_requests WHERE client_id = client),
        'erasures', (SELECT coalesce(jsonb_agg(id), '[]') FROM public.erasures WHERE client_id = client),
        'children', (SELECT coalesce(jsonb_agg(id), '[]') FROM public.clients WHERE parent_id = client)
    )
$$;

-- Gives up the client of a merge that is written already and from which everything has moved, and keeps with the merge what belonged to
-- it alone. The server itself may delete no client.
CREATE FUNCTION give_up_client(merge uuid, primary_contact uuid) RETURNS jsonb
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    client uuid;
    rows jsonb;
BEGIN
    SELECT merged_id INTO STRICT client FROM public.client_merges WHERE id = merge AND undone_at IS NULL;
    SELECT jsonb_build_object(
        'clients', (SELECT jsonb_agg(to_jsonb(row)) FROM public.clients AS row WHERE id = client),
        'client_owners', (SELECT coalesce(jsonb_agg(to_jsonb(row)), '[]') FROM public.client_owners AS row WHERE client_id = client),
        'account_team_members',
            (SELECT coalesce(jsonb_agg(to_jsonb(row)), '[]') FROM public.account_team_members AS row WHERE client_id = client),
        'client_duplicates', (SELECT coalesce(jsonb_agg(to_jsonb(row)), '[]') FROM public.client_duplicates AS row
            WHERE client IN (row.client_id, row.other_id)),
        'access_requests', (SELECT coalesce(jsonb_agg(to_jsonb(row)), '[]') FROM public.access_requests AS row WHERE client_id = client),
        'primary_contact', primary_contact
    ) INTO rows;
    UPDATE public.client_merges SET kept = rows WHERE id = merge;
    DELETE FROM public.client_duplicates AS row WHERE client IN (row.client_id, row.other_id);
    DELETE FROM public.account_team_members WHERE client_id = client;
    DELETE FROM public.access_requests WHERE client_id = client;
    DELETE FROM public.client_owners WHERE client_id = client;
    DELETE FROM public.clients WHERE id = client;
    RETURN rows;
END
$$;

-- Writes rows of a table back as they were kept; columns that Postgres computes are computed anew.
CREATE FUNCTION write_back(kept regclass, rows jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    columns text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO columns
    FROM pg_catalog.pg_attribute WHERE attrelid = kept AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
    EXECUTE format('INSERT INTO %s (%s) SELECT %s FROM jsonb_populate_recordset(NULL::%s, $1)', kept, columns, columns, kept)
        USING rows;
END
$$;

-- Takes a client that was given up back: under its owner's team of today, and without pairs and members that are gone since.
CREATE FUNCTION take_back_client(kept jsonb, at timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    client jsonb := kept -> 'clients' -> 0;
BEGIN
    PERFORM public.write_back('public.clients', jsonb_build_array(client || jsonb_build_object(
        'version', (client ->> 'version')::bigint + 1, 'updated_at', at,
        'team_id', (SELECT team_id FROM public.users WHERE id = (client ->> 'owner_id')::uuid))));
    PERFORM public.write_back('public.client_owners', kept -> 'client_owners');
    PERFORM public.write_back('public.account_team_members', kept -> 'account_team_members');
    PERFORM public.write_back('public.access_requests', (
        SELECT coalesce(jsonb_agg(request || jsonb_build_object('team_id', restored.team_id)), '[]')
        FROM jsonb_array_elements(kept -> 'access_requests') AS request, public.clients AS restored
        WHERE restored.id = (client ->> 'id')::uuid));
    PERFORM public.write_back('public.client_duplicates', coalesce((
        SELECT jsonb_agg(pair) FROM jsonb_array_elements(kept -> 'client_duplicates') AS pair
        WHERE EXISTS (SELECT FROM public.clients WHERE id = (pair ->> 'client_id')::uuid)
            AND EXISTS (SELECT FROM public.clients WHERE id = (pair ->> 'other_id')::uuid)
            AND NOT EXISTS (SELECT FROM public.client_duplicates WHERE id = (pair ->> 'id')::uuid)), '[]'));
END
$$;

UPDATE role_policies SET grants = grants || jsonb_build_object('clients:merge',
    CASE role WHEN 'manager' THEN 'own' WHEN 'supervisor' THEN 'all' ELSE 'team' END);
