-- The clients in a town.
CREATE INDEX CONCURRENTLY clients_city_idx ON clients ((address ->> 'city'));
