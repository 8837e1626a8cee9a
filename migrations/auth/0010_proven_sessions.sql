-- When the holder of a session last gave the password, and a code where the account has a second step. NULL: before
-- this column, or before somebody turned the second step on elsewhere; then it is asked for again.
ALTER TABLE sessions ADD COLUMN proven_at timestamptz;
