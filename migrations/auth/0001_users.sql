-- Who may sign in. Names are compared without case; the spelling of the registration is kept.
CREATE TABLE users (
    id              uuid        PRIMARY KEY,
    email           text        NOT NULL CONSTRAINT users_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    username        text        NOT NULL CONSTRAINT users_username_shape CHECK (username ~ '^[A-Za-z0-9][A-Za-z0-9._-]{2,31}$'),
    -- A PHC string of Argon2id.
    password_hash   text        NOT NULL CONSTRAINT users_password_hashed CHECK (password_hash LIKE '$argon2id$%'),
    role            text        NOT NULL DEFAULT 'worker' CONSTRAINT users_role_known CHECK (role IN ('worker', 'client', 'admin')),
    status          text        NOT NULL DEFAULT 'active' CONSTRAINT users_status_known CHECK (status IN ('active', 'disabled')),
    -- Sessions begun under an earlier version are over.
    session_version integer     NOT NULL DEFAULT 1,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);

-- These two decide who gets a name that several ask for at once.
CREATE UNIQUE INDEX users_email_taken ON users (lower(email));
CREATE UNIQUE INDEX users_username_taken ON users (lower(username));

-- "Is there another administrator?" is asked under lock.
CREATE INDEX users_admins ON users (id) WHERE role = 'admin';

-- Failed sign-ins, which slow the next ones down. `account` is a digest, so that a name nobody
-- registered slows down like any other and is not stored.
CREATE TABLE login_failures (
    account       bytea       NOT NULL CONSTRAINT login_failures_account_digest CHECK (octet_length(account) = 32),
    -- Where the attempt came from; '*' counts the attempts from addresses unknown to the account.
    address       text        NOT NULL,
    failures      integer     NOT NULL CONSTRAINT login_failures_counted CHECK (failures > 0),
    last_at       timestamptz NOT NULL,
    blocked_until timestamptz NOT NULL,
    PRIMARY KEY (account, address)
);
CREATE INDEX login_failures_old ON login_failures (last_at);
