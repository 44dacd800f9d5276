-- Most clients have no further telephones, so the index has those only that have one.
CREATE INDEX CONCURRENTLY clients_further_phones_idx ON clients USING gin (other_phones jsonb_path_ops) WITH (fastupdate = off)
    WHERE other_phones <> '[]';
