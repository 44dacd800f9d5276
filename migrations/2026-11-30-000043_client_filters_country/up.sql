-- The clients in a country.
CREATE INDEX CONCURRENTLY clients_country_idx ON clients ((address ->> 'country'));
