-- What is written waits in a list beside a GIN index until the list is full, 4 MB by default. Every search reads that list
-- (1.6 MB of it made searches 2.5 times as slow), and whoever fills it empties it, for some hundred milliseconds. Shorter
-- lists are emptied oftener and faster.
--
-- Each index is locked for itself, for a moment: nobody reads its table meanwhile. Where that has to wait for somebody else's
-- long query, it is given up and can be done again.
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER INDEX clients_search_idx SET (gin_pending_list_limit = 256);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER INDEX clients_tags_idx SET (gin_pending_list_limit = 256);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER INDEX contacts_search_idx SET (gin_pending_list_limit = 256);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER INDEX contracts_search_idx SET (gin_pending_list_limit = 256);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER INDEX interactions_search_idx SET (gin_pending_list_limit = 256);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER INDEX orders_search_idx SET (gin_pending_list_limit = 256);
COMMIT;
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER INDEX products_search_idx SET (gin_pending_list_limit = 256);
COMMIT;
