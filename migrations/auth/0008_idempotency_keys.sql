-- Answers to creating requests, so that a repeated one does not create again.
CREATE TABLE idempotency_keys (
    -- A digest over who sent the key and the key itself.
    key          bytea       PRIMARY KEY CONSTRAINT idempotency_keys_digest CHECK (octet_length(key) = 32),
    -- A digest over method, path and body.
    request      bytea       NOT NULL CONSTRAINT idempotency_keys_request_digest CHECK (octet_length(request) = 32),
    -- NULL while the first request runs; one that is not done by locked_until has died.
    status       smallint,
    headers      jsonb,
    body         bytea,
    locked_until timestamptz NOT NULL,
    created_at   timestamptz NOT NULL,
    CONSTRAINT idempotency_keys_answered_whole CHECK ((status IS NULL) = (body IS NULL) AND (status IS NULL) = (headers IS NULL))
);
CREATE INDEX idempotency_keys_old ON idempotency_keys (created_at);
