DROP FUNCTION frequent_words_of_clients;
DROP STATISTICS clients_words;
