-- A word that is written wrong is mostly one that very many clients have, and to look for all that it may be takes longest then. The
-- statistics that Postgres gathers for its plans know the frequent words.
CREATE STATISTICS clients_words ON (string_to_array(search, ' ')) FROM clients;
ANALYZE clients;

-- The words that a thousand clients or more have, the most frequent first.
CREATE FUNCTION frequent_words_of_clients() RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(word ORDER BY part DESC), '{}')
    FROM pg_stats_ext_exprs, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS frequent (word, part)
    WHERE statistics_schemaname = 'public' AND statistics_name = 'clients_words'
        AND word <> '' AND part * (SELECT reltuples FROM pg_class WHERE oid = 'public.clients'::regclass) >= 1000
$$;
