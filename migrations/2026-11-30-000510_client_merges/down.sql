UPDATE role_policies SET grants = grants - 'clients:merge';
DROP FUNCTION take_back_client(jsonb, timestamptz);
DROP FUNCTION write_back(regclass, jsonb);
DROP FUNCTION give_up_client(uuid, uuid);
DROP FUNCTION rows_of_client(uuid);
DROP FUNCTION move_rows_of_client(uuid, uuid, jsonb, uuid);
DROP FUNCTION client_merged_into(uuid);
DROP TABLE client_merges;
