DROP TABLE role_policies;
DROP TABLE users;
DROP TABLE teams;
