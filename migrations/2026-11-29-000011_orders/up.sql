-- Orders with their lines, from the draft to the department's queue and to fulfilment, and their history.

CREATE SEQUENCE order_numbers;

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    client_id uuid NOT NULL,
    owner_id uuid NOT NULL,
    team_id uuid NOT NULL,
    is_key boolean NOT NULL,
    number text NOT NULL,
    contract_id uuid,
    author_id uuid NOT NULL,
    status text NOT NULL,
    priority text NOT NULL,
    currency text NOT NULL,
    ordered_on date NOT NULL,
    requested_delivery_on date,
    comment text,
    -- Four decimals, so that sums of many orders do not drift; the currency's own are for printing.
    net_total numeric(19, 4) NOT NULL,
    tax_total numeric(19, 4) NOT NULL,
    total numeric(19, 4) NOT NULL,
    department_id uuid,
    due_at timestamptz,
    submitted_at timestamptz,
    approved_by uuid,
    handed_over_at timestamptz,
    fulfilled_at timestamptz,
    -- The order of a department's queue: priority, then key clients, then the due time.
    queue_rank smallint NOT NULL GENERATED ALWAYS AS (
        CASE priority WHEN 'urgent' THEN 0 WHEN 'high' THEN 2 ELSE 4 END + CASE WHEN is_key THEN 0 ELSE 1 END
    ) STORED,
    search text NOT NULL GENERATED ALWAYS AS (lower(number || ' ' || coalesce(comment, ''))) STORED,
    CONSTRAINT orders_number_key UNIQUE (number),
    CONSTRAINT orders_id_client_id_key UNIQUE (id, client_id),
    CONSTRAINT orders_client_id_fkey FOREIGN KEY (client_id, owner_id, team_id, is_key)
        REFERENCES clients (id, owner_id, team_id, is_key) ON UPDATE CASCADE,
    CONSTRAINT orders_contract_id_fkey FOREIGN KEY (contract_id, client_id) REFERENCES contracts (id, client_id),
    CONSTRAINT orders_author_id_fkey FOREIGN KEY (author_id) REFERENCES users (id),
    CONSTRAINT orders_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES users (id),
    CONSTRAINT orders_department_id_fkey FOREIGN KEY (department_id) REFERENCES departments (id),
    CONSTRAINT orders_status_check CHECK (status IN ('draft', 'submitted', 'approved', 'rejected', 'handed_over',
        'accepted', 'in_progress', 'fulfilled', 'closed', 'cancelled')),
    CONSTRAINT orders_priority_check CHECK (priority IN ('normal', 'high', 'urgent')),
    CONSTRAINT orders_total_check CHECK (total = net_total + tax_total),
    -- What stands in a queue has a place there.
    CONSTRAINT orders_queue_check CHECK (status NOT IN ('handed_over', 'accepted', 'in_progress')
        OR (department_id IS NOT NULL AND due_at IS NOT NULL))
);
CREATE INDEX orders_client_id_idx ON orders (client_id, owner_id, team_id, is_key);
CREATE INDEX orders_client_id_updated_at_idx ON orders (client_id, updated_at DESC, id DESC);
CREATE INDEX orders_contract_id_idx ON orders (contract_id, client_id);
CREATE INDEX orders_author_id_idx ON orders (author_id);
CREATE INDEX orders_approved_by_idx ON orders (approved_by);
CREATE INDEX orders_updated_at_idx ON orders (updated_at DESC, id DESC);
CREATE INDEX orders_ordered_on_idx ON orders (ordered_on DESC, id DESC);
CREATE INDEX orders_owner_id_updated_at_idx ON orders (owner_id, updated_at DESC, id DESC);
CREATE INDEX orders_team_id_updated_at_idx ON orders (team_id, updated_at DESC, id DESC);
CREATE INDEX orders_key_team_id_updated_at_idx ON orders (team_id, updated_at DESC, id DESC) WHERE is_key;
CREATE INDEX orders_department_id_idx ON orders (department_id);
CREATE INDEX orders_queue_idx ON orders (department_id, queue_rank, due_at, id)
    WHERE status IN ('handed_over', 'accepted', 'in_progress');
CREATE INDEX orders_search_idx ON orders USING gin (search gin_trgm_ops) WITH (gin_pending_list_limit = 256);

CREATE TRIGGER orders_version_follows_reach
    BEFORE UPDATE OF owner_id, team_id, is_key ON orders
    FOR EACH ROW
    WHEN ((NEW.owner_id, NEW.team_id, NEW.is_key) IS DISTINCT FROM (OLD.owner_id, OLD.team_id, OLD.is_key)
        AND NEW.version = OLD.version)
    EXECUTE FUNCTION grow_version();

CREATE TABLE order_lines (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    position smallint NOT NULL,
    product_id uuid NOT NULL,
    name text NOT NULL,
    unit text NOT NULL,
    quantity numeric(12, 3) NOT NULL,
    unit_price numeric(15, 2) NOT NULL,
    discount_percent numeric(5, 2) NOT NULL,
    tax_rate numeric(5, 2) NOT NULL,
    net_amount numeric(19, 4) NOT NULL,
    tax_amount numeric(19, 4) NOT NULL,
    fulfilled_quantity numeric(12, 3) NOT NULL,
    CONSTRAINT order_lines_order_id_position_key UNIQUE (order_id, position),
    CONSTRAINT order_lines_order_id_fkey FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
    CONSTRAINT order_lines_product_id_fkey FOREIGN KEY (product_id) REFERENCES products (id),
    CONSTRAINT order_lines_fulfilled_check CHECK (fulfilled_quantity >= 0 AND fulfilled_quantity <= quantity)
);
CREATE INDEX order_lines_product_id_idx ON order_lines (product_id);

CREATE TABLE order_events (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL,
    client_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    from_status text,
    to_status text NOT NULL,
    reason text,
    -- The limits for which a submitted order has to wait for approval.
    exceeded jsonb NOT NULL,
    CONSTRAINT order_events_order_id_fkey FOREIGN KEY (order_id, client_id) REFERENCES orders (id, client_id),
    CONSTRAINT order_events_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES users (id)
);
CREATE INDEX order_events_order_id_idx ON order_events (order_id, client_id);
CREATE INDEX order_events_order_id_at_idx ON order_events (order_id, at DESC, id DESC);
CREATE INDEX order_events_client_id_at_idx ON order_events (client_id, at DESC, id DESC);
CREATE INDEX order_events_actor_id_idx ON order_events (actor_id);
