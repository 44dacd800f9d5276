DROP TABLE contract_events;
DROP TABLE contracts;
DROP TABLE contract_numbers;
