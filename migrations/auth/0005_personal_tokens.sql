-- Tokens for scripts: long-lived, of fewer rights than their owner, never more.
CREATE TABLE personal_tokens (
    id           uuid        PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES users (id),
    name         text        NOT NULL CONSTRAINT personal_tokens_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    -- SHA-256 of a token of 256 random bits.
    token_hash   bytea       NOT NULL UNIQUE CONSTRAINT personal_tokens_digest CHECK (octet_length(token_hash) = 32),
    scopes       text[]      NOT NULL CONSTRAINT personal_tokens_scopes_known
                             CHECK (cardinality(scopes) > 0 AND scopes <@ ARRAY['read', 'work', 'manage', 'admin']),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL CONSTRAINT personal_tokens_expire_later CHECK (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at   timestamptz
);
-- A repeated creation is refused instead of leaving a second token that nobody holds.
CREATE UNIQUE INDEX personal_tokens_name_taken ON personal_tokens (user_id, name) WHERE revoked_at IS NULL;
CREATE INDEX personal_tokens_by_user ON personal_tokens (user_id, id);
