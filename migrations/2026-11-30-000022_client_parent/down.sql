ALTER TABLE clients
    DROP CONSTRAINT clients_parent_id_fkey,
    DROP CONSTRAINT clients_parent_id_check;
