-- Counts the changes of what callers may do, so that every server sees in the transaction of a change whether what it knows
-- about the caller is still true. The row is updated often; the free space keeps its versions on one page.
CREATE TABLE rights_epoch (
    id boolean PRIMARY KEY DEFAULT true CONSTRAINT rights_epoch_one_row CHECK (id),
    number bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);
INSERT INTO rights_epoch DEFAULT VALUES;
