-- Most clients have no further addresses, so the index has those only that have one.
CREATE INDEX CONCURRENTLY clients_further_emails_idx ON clients USING gin (other_emails jsonb_path_ops) WITH (fastupdate = off)
    WHERE other_emails <> '[]';
