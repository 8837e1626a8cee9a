-- A new password without the old one, by decision of an administrator. One per person at a time.
CREATE TABLE reset_links (
    user_id     uuid        PRIMARY KEY REFERENCES users (id),
    token_hash  bytea       NOT NULL UNIQUE CONSTRAINT reset_links_digest CHECK (octet_length(token_hash) = 32),
    issued_by   uuid        NOT NULL REFERENCES users (id),
    -- Whether redeeming it also removes the second step, for who lost device and recovery codes.
    remove_totp boolean     NOT NULL,
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL
);
