-- The clients of a branch of business.
CREATE INDEX CONCURRENTLY clients_industry_idx ON clients (industry);
