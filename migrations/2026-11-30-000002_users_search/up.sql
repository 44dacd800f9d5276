-- Users are found by name, address and job title. The table is rewritten for the column, which takes a moment: it has a row
-- for each person who works here.
ALTER TABLE users ADD COLUMN search text NOT NULL GENERATED ALWAYS AS (
    lower(name || ' ' || coalesce(email, '') || ' ' || coalesce(job_title, ''))
) STORED;
