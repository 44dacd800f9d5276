DROP TABLE recovery_codes;
DROP TABLE second_factors;
DROP TABLE password_resets;
DROP TABLE sign_in_streaks;
DROP TABLE sign_in_failures;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE signing_keys;
