ALTER TABLE sessions
    DROP COLUMN last_used_at,
    DROP COLUMN client,
    DROP COLUMN device,
    DROP COLUMN user_agent,
    DROP COLUMN address;
