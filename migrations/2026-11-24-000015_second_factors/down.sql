DROP TABLE recovery_codes;
DROP TABLE second_factors;
ALTER TABLE role_policies DROP COLUMN second_factor_required;
