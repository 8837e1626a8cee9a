-- In which language a person is written to; English where nothing is said.
create table people (
    user_id    uuid primary key,
    language   text not null check (language in ('en', 'ru')),
    updated_at timestamptz not null
);

-- What a person wants to hear of, and how, where that is not what everybody gets.
create table preferences (
    user_id uuid not null,
    topic   text not null,
    channel text not null check (channel in ('in_app', 'email', 'telegram')),
    wanted  boolean not null,
    primary key (user_id, topic, channel)
);

-- How people can be reached outside the console: whoever dispatches says so, again and again. What nobody has said for ten minutes is over.
create table channels (
    name    text primary key check (name in ('email', 'telegram')),
    -- whom people write to, where they begin
    address text,
    seen_at timestamptz not null
);

-- What a person reads in the console.
create table notices (
    id         bigint generated always as identity primary key,
    user_id    uuid not null,
    topic      text not null,
    event_id   uuid not null,
    event_at   timestamptz not null,
    created_at timestamptz not null,
    read_at    timestamptz,
    -- A person is told of an event once, however often it is taken up.
    constraint notices_once unique (user_id, event_id)
);
create index notices_user on notices (user_id, id);
create index notices_unread on notices (user_id, id) where read_at is null;
create index notices_event_at on notices (event_at);

-- What is sent to a person. The address is asked for when it is sent, so that no copy of it is kept here.
create table messages (
    id         bigint generated always as identity primary key,
    user_id    uuid not null,
    channel    text not null,
    topic      text not null,
    event_id   uuid not null,
    event_at   timestamptz not null,
    state      text not null default 'pending' check (state in ('pending', 'sent', 'failed')),
    -- that ended
    attempts   int not null default 0,
    -- of the next attempt; whoever makes one moves it beyond the attempt's end
    due_at     timestamptz not null,
    created_at timestamptz not null,
    ended_at   timestamptz,
    -- why the latest attempt failed
    failure    text,
    constraint messages_once unique (user_id, event_id, channel),
    constraint messages_ended check ((state = 'pending') = (ended_at is null))
);
create index messages_due on messages (channel, due_at, id) where state = 'pending';
create index messages_event_at on messages (event_at);
