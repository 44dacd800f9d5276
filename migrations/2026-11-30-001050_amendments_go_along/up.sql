-- A contract has no number before it is approved, and a title all the same.
CREATE OR REPLACE VIEW client_timeline AS
    SELECT id, client_id, at, 'interactions'::text AS resource, id AS resource_id, status AS action,
           user_id AS actor_id, subject AS title, NULL::text AS reason, '{}'::text[] AS fields
    FROM interactions
    WHERE status <> 'planned'
UNION ALL
    SELECT event.id, event.client_id, event.at, 'contracts', event.contract_id, event.action,
           event.actor_id, concat_ws(' ', contract.number, contract.title), event.reason, '{}'
    FROM contract_events event JOIN contracts contract ON contract.id = event.contract_id
UNION ALL
    SELECT event.id, event.client_id, event.at, 'orders', event.order_id, event.action,
           event.actor_id, orders.number, event.reason, '{}'
    FROM order_events event JOIN orders ON orders.id = event.order_id
UNION ALL
    SELECT id, client_id, at, resource, resource_id, action, actor_id, NULL,
           coalesce(personal #>> '{reason,to}', changes #>> '{reason,to}'),
           ARRAY(SELECT jsonb_object_keys(changes))
    FROM audit_events
    WHERE resource IN ('clients', 'contacts') AND action NOT IN ('touched', 'personal_data_read');

-- Amendments go along with the contract that they amend, also those that were drafted after a merge that is undone.
CREATE OR REPLACE FUNCTION move_rows_of_client(from_client uuid, to_client uuid, rows jsonb, primary_contact uuid) RETURNS jsonb
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
        WHERE row.client_id = from_client AND (row.id IN (SELECT id FROM asked WHERE kind = 'contracts')
            OR row.amends_id IN (SELECT id FROM asked WHERE kind = 'contracts'))
        RETURNING row.id
    ), moved_contract_events AS (
        UPDATE public.contract_events AS row SET client_id = to_client
        WHERE row.client_id = from_client AND row.contract_id IN (
            SELECT id FROM asked WHERE kind = 'contracts'
            UNION SELECT id FROM public.contracts WHERE amends_id IN (SELECT id FROM asked WHERE kind = 'contracts')
        )
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
