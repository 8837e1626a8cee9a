-- What bounds guessing over an account, from wherever it comes, and from an address, at whichever accounts: so many
-- tries at once, then one a second. Replicas share them. The failures of one account from one address stay in
-- login_failures.
CREATE TABLE attempt_budgets (
    -- A digest over whose budget it is: neither names nor addresses are kept here.
    key         bytea       PRIMARY KEY CONSTRAINT attempt_budgets_digest CHECK (octet_length(key) = 32),
    -- A try spends a second. One that lies in the past is full again.
    spent_until timestamptz NOT NULL
);
CREATE INDEX attempt_budgets_full ON attempt_budgets (spent_until);

-- Refused sign-ins under names that nobody has: what the audit keeps of refused ones under a name that somebody has.
-- Both cost one row, so that the time of an answer does not tell which it was.
CREATE TABLE sign_ins_of_nobody (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL,
    -- The account's digest, as in login_failures.
    account bytea       NOT NULL CONSTRAINT sign_ins_of_nobody_digest CHECK (octet_length(account) = 32),
    details jsonb       NOT NULL
);
CREATE INDEX sign_ins_of_nobody_by_account ON sign_ins_of_nobody (account, id);
CREATE INDEX sign_ins_of_nobody_old ON sign_ins_of_nobody (at);
