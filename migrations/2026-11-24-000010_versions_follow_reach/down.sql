DROP TRIGGER interactions_version_follows_reach ON interactions;
DROP TRIGGER orders_version_follows_reach ON orders;
DROP TRIGGER contracts_version_follows_reach ON contracts;
DROP TRIGGER contacts_version_follows_reach ON contacts;
DROP TRIGGER clients_version_follows_reach ON clients;
DROP FUNCTION grow_version();
