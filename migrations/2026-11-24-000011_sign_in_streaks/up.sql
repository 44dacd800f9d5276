-- Failed sign-ins in a row: what the throttling of five minutes forgets, a bound on all guesses at one account must not.
CREATE TABLE sign_in_streaks (
    subject text PRIMARY KEY,
    failures integer NOT NULL,
    last_at timestamptz NOT NULL
);
CREATE INDEX sign_in_streaks_last_at_idx ON sign_in_streaks (last_at);
