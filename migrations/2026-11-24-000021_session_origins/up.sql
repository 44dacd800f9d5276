-- What a person needs to know their sessions by: with what and from where they were begun, and when they were last used.

ALTER TABLE sessions
    ADD COLUMN last_used_at timestamptz,
    ADD COLUMN client text,
    ADD COLUMN device text,
    ADD COLUMN user_agent text,
    ADD COLUMN address text;
