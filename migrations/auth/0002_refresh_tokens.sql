-- A session is a family of refresh tokens: each use replaces the token, a second use ends the family.
CREATE TABLE sessions (
    id              uuid        PRIMARY KEY,
    user_id         uuid        NOT NULL REFERENCES users (id),
    session_version integer     NOT NULL,
    ip              text,
    user_agent      text,
    created_at      timestamptz NOT NULL,
    last_used_at    timestamptz NOT NULL,
    -- When its live refresh token expires; moves with each use.
    expires_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    revoked_reason  text        CONSTRAINT sessions_revoked_reason_known CHECK (revoked_reason IN ('logout', 'revoked', 'reuse')),
    CONSTRAINT sessions_revoked_with_reason CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX sessions_by_user ON sessions (user_id, id);
CREATE INDEX sessions_old ON sessions (expires_at);

CREATE TABLE refresh_tokens (
    -- SHA-256 of a token of 256 random bits: the table is worth nothing to who reads it.
    token_hash  bytea       PRIMARY KEY CONSTRAINT refresh_tokens_digest CHECK (octet_length(token_hash) = 32),
    family      uuid        NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    issued_at   timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    rotated_at  timestamptz,
    replaced_by bytea,
    CONSTRAINT refresh_tokens_rotated_into CHECK ((rotated_at IS NULL) = (replaced_by IS NULL))
);
-- At most one token of a family can be used.
CREATE UNIQUE INDEX refresh_tokens_one_live ON refresh_tokens (family) WHERE rotated_at IS NULL;
CREATE INDEX refresh_tokens_by_family ON refresh_tokens (family);
