-- That somebody took the personal data of a client out stands in the audit log, and is nothing that happened with the client.
CREATE OR REPLACE VIEW client_timeline AS
    SELECT id, client_id, at, 'interactions'::text AS resource, id AS resource_id, status AS action,
           user_id AS actor_id, subject AS title, NULL::text AS reason, '{}'::text[] AS fields
    FROM interactions
    WHERE status <> 'planned'
UNION ALL
    SELECT event.id, event.client_id, event.at, 'contracts', event.contract_id, event.action,
           event.actor_id, contract.number || ' ' || contract.title, event.reason, '{}'
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
