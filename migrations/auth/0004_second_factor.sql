-- The second step of signing in, per person who wants it.
CREATE TABLE totp_secrets (
    user_id      uuid        PRIMARY KEY REFERENCES users (id),
    secret       bytea       NOT NULL CONSTRAINT totp_secrets_length CHECK (octet_length(secret) BETWEEN 16 AND 64),
    created_at   timestamptz NOT NULL,
    -- NULL: enrolled, but no code was shown to work yet; signing in does not ask for one.
    confirmed_at timestamptz,
    -- The 30-second step of the last accepted code: each code works once.
    last_step    bigint      NOT NULL DEFAULT 0
);

-- For who lost the device. 80 random bits each, so a plain digest is enough; each works once.
CREATE TABLE recovery_codes (
    user_id   uuid        NOT NULL REFERENCES totp_secrets (user_id) ON DELETE CASCADE,
    code_hash bytea       NOT NULL CONSTRAINT recovery_codes_digest CHECK (octet_length(code_hash) = 32),
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash)
);
