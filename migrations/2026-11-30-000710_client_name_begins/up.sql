-- The companies of a town by the beginning of their name: one wrong letter leaves the beginning of a name or its end.
CREATE INDEX CONCURRENTLY clients_name_begins_idx
    ON clients ((address ->> 'city'), (left(name_key, 5)), length(name_key), id) WHERE kind = 'organization';
