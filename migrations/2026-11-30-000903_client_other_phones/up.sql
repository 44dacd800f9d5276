-- Nothing looks into the index of all clients any more.
DROP INDEX CONCURRENTLY clients_other_phones_idx;
