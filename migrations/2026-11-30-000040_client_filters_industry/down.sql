DROP INDEX CONCURRENTLY clients_industry_idx;
