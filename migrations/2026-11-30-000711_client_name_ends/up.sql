-- The companies of a town by the end of their name, where the beginning has a wrong letter. The first letter is seldom wrong.
CREATE INDEX CONCURRENTLY clients_name_ends_idx
    ON clients ((address ->> 'city'), (left(name_key, 1) || right(name_key, 6)), length(name_key), id) WHERE kind = 'organization';
