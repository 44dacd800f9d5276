-- A client may belong to another one, as the companies of a holding do.
ALTER TABLE clients
    ADD CONSTRAINT clients_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES clients (id) NOT VALID,
    ADD CONSTRAINT clients_parent_id_check CHECK (parent_id <> id) NOT VALID;
ALTER TABLE clients
    VALIDATE CONSTRAINT clients_parent_id_fkey,
    VALIDATE CONSTRAINT clients_parent_id_check;
