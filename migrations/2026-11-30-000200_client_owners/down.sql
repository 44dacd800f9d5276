DROP TABLE client_owners;
