-- Where the bot writes to a person. A chat is one person's; a person has one.
create table telegram_links (
    user_id   uuid primary key,
    chat_id   bigint not null,
    linked_at timestamptz not null,
    constraint telegram_links_chat unique (chat_id)
);

-- A code that the bot gave out in a chat: whoever enters it in the console is linked with that chat.
create table telegram_codes (
    chat_id    bigint primary key,
    -- SHA-256
    code       bytea not null,
    expires_at timestamptz not null,
    constraint telegram_codes_code unique (code)
);

-- Wrong codes that a person entered, so that nobody tries them all.
create table telegram_tries (
    user_id uuid primary key,
    wrong   int not null,
    since   timestamptz not null
);
