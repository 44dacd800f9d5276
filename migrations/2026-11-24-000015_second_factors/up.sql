-- A second factor (TOTP, RFC 6238) for who wants one, and for the roles whose policy requires it.
ALTER TABLE role_policies ADD COLUMN second_factor_required boolean NOT NULL DEFAULT false;

CREATE TABLE second_factors (
    user_id uuid PRIMARY KEY,
    sealed_secret bytea NOT NULL,
    created_at timestamptz NOT NULL,
    -- Without it the enrolment has only begun.
    confirmed_at timestamptz,
    -- The time step of the last code that was taken: no code is taken twice.
    last_step bigint NOT NULL,
    CONSTRAINT second_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id)
);

CREATE TABLE recovery_codes (
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash),
    CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES second_factors (user_id) ON DELETE CASCADE
);
