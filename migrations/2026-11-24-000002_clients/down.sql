DROP TABLE clients;
DROP EXTENSION pg_trgm;
