-- The one form in which addresses are compared: composed characters, the domain as in DNS, without case. NULL: a row
-- of before, which a job fills in; or one whose form an older account has, which stays as it is.
SET lock_timeout = '5s';
ALTER TABLE users ADD COLUMN email_key text
    CONSTRAINT users_email_key_length CHECK (char_length(email_key) BETWEEN 3 AND 1024);

-- Decides, like users_email_taken, who gets an address. Every row is NULL now, so both are made in no time.
CREATE UNIQUE INDEX users_email_key_taken ON users (email_key) WHERE email_key IS NOT NULL;
CREATE INDEX users_email_unkeyed ON users (id) WHERE email_key IS NULL;
