-- Answers to creating requests, so that a repeated one does not create again.
create table idempotency_keys (
    -- A digest over who sent the key and the key itself.
    key          bytea       primary key constraint idempotency_keys_digest check (octet_length(key) = 32),
    -- A digest over method, path and body.
    request      bytea       not null constraint idempotency_keys_request_digest check (octet_length(request) = 32),
    -- NULL while the first request runs; one that is not done by locked_until has died.
    status       smallint,
    headers      jsonb,
    body         bytea,
    locked_until timestamptz not null,
    created_at   timestamptz not null,
    constraint idempotency_keys_answered_whole check ((status is null) = (body is null) and (status is null) = (headers is null))
);
create index idempotency_keys_old on idempotency_keys (created_at);
