--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: _sqlx_migrations; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);


--
-- Name: answers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.answers (
    id bigint NOT NULL,
    task_id bigint NOT NULL,
    project_id uuid NOT NULL,
    user_id uuid NOT NULL,
    lease_token bigint NOT NULL,
    labeling_version integer NOT NULL,
    answer jsonb NOT NULL,
    status text NOT NULL,
    reviewers_needed smallint NOT NULL,
    approvals smallint DEFAULT 0 NOT NULL,
    rejections smallint DEFAULT 0 NOT NULL,
    active_millis bigint,
    claimed_at timestamp with time zone NOT NULL,
    submitted_at timestamp with time zone NOT NULL,
    decided_at timestamp with time zone,
    CONSTRAINT answers_active_millis_check CHECK ((active_millis >= 0)),
    CONSTRAINT answers_status_check CHECK ((status = ANY (ARRAY['in_review'::text, 'approved'::text, 'rejected'::text, 'withdrawn'::text, 'voided'::text]))),
    CONSTRAINT answers_votes CHECK (((approvals + rejections) <= GREATEST((reviewers_needed)::integer, 0)))
);


--
-- Name: answers_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.answers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.answers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: approval_events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.approval_events (
    seq bigint NOT NULL,
    project_id uuid NOT NULL,
    dataset_id uuid NOT NULL,
    task_id bigint NOT NULL,
    answer_id bigint NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    revokes bigint,
    CONSTRAINT approval_events_kind_check CHECK ((kind = ANY (ARRAY['approved'::text, 'revoked'::text]))),
    CONSTRAINT approval_events_revocation CHECK (((kind = 'revoked'::text) = (revokes IS NOT NULL)))
);


--
-- Name: approval_events_seq_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.approval_events ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.approval_events_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: audit; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.audit (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor uuid NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL,
    CONSTRAINT audit_action_named CHECK ((action ~ '^[a-z]+\.[a-z_]+$'::text))
);


--
-- Name: audit_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: datasets; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.datasets (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    project_id uuid NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    bound_uid uuid,
    generation bigint NOT NULL,
    source_path text NOT NULL,
    source_format text NOT NULL,
    own_credentials boolean DEFAULT false NOT NULL,
    batch_size integer NOT NULL,
    max_invalid_rows bigint NOT NULL,
    suspended boolean DEFAULT false NOT NULL,
    state text DEFAULT 'uploaded'::text NOT NULL,
    total_items bigint,
    tasks_created bigint DEFAULT 0 NOT NULL,
    rows_rejected bigint DEFAULT 0 NOT NULL,
    batches integer DEFAULT 0 NOT NULL,
    open_batches integer DEFAULT 0 NOT NULL,
    checkpoint jsonb DEFAULT '{"offset": 0, "nextRow": 1, "nextLine": 1}'::jsonb NOT NULL,
    source_etag text,
    source_size bigint,
    sha256 text,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    dequeued_to bigint DEFAULT 0 NOT NULL,
    requeue_from bigint,
    left_uid uuid,
    left_at timestamp with time zone,
    leave_from bigint,
    recharge_from bigint,
    removing boolean DEFAULT false NOT NULL,
    CONSTRAINT datasets_batch_size_check CHECK (((batch_size >= 1) AND (batch_size <= 100000))),
    CONSTRAINT datasets_max_invalid_rows_check CHECK ((max_invalid_rows >= 0)),
    CONSTRAINT datasets_open_batches_check CHECK ((open_batches >= 0)),
    CONSTRAINT datasets_source_format_check CHECK ((source_format = ANY (ARRAY['csv'::text, 'jsonl'::text]))),
    CONSTRAINT datasets_state_check CHECK ((state = ANY (ARRAY['uploaded'::text, 'generating'::text, 'ready'::text, 'failed'::text, 'completed'::text])))
);


--
-- Name: events; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.events (
    id bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    actor text NOT NULL,
    data jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: events_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: exports; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.exports (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    project_id uuid NOT NULL,
    dataset_id uuid,
    namespace text NOT NULL,
    name text NOT NULL,
    bound_uid uuid,
    generation bigint NOT NULL,
    format text NOT NULL,
    trigger text NOT NULL,
    row_per text NOT NULL,
    since bigint,
    raw_cells boolean DEFAULT false NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    watermark bigint,
    columns jsonb,
    object_key text,
    multipart_id text,
    rows bigint,
    size_bytes bigint,
    sha256 text,
    expires_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT exports_format_check CHECK ((format = ANY (ARRAY['jsonl'::text, 'csv'::text]))),
    CONSTRAINT exports_ready CHECK (((state <> 'ready'::text) OR ((object_key IS NOT NULL) AND (rows IS NOT NULL) AND (sha256 IS NOT NULL)))),
    CONSTRAINT exports_row_per_check CHECK ((row_per = ANY (ARRAY['answer'::text, 'task'::text]))),
    CONSTRAINT exports_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'ready'::text, 'failed'::text, 'expired'::text]))),
    CONSTRAINT exports_trigger_check CHECK ((trigger = ANY (ARRAY['now'::text, 'when_completed'::text])))
);


--
-- Name: grants; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.grants (
    project_id uuid NOT NULL,
    grant_id text NOT NULL,
    judgements bigint NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    pending boolean DEFAULT false NOT NULL,
    CONSTRAINT grants_judgements_check CHECK ((judgements >= 0))
);


--
-- Name: idempotency_keys; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.idempotency_keys (
    key bytea NOT NULL,
    request bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    locked_until timestamp with time zone NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_answered_whole CHECK ((((status IS NULL) = (body IS NULL)) AND ((status IS NULL) = (headers IS NULL)))),
    CONSTRAINT idempotency_keys_digest CHECK ((octet_length(key) = 32)),
    CONSTRAINT idempotency_keys_request_digest CHECK ((octet_length(request) = 32))
);


--
-- Name: labeling_versions; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.labeling_versions (
    project_id uuid NOT NULL,
    version integer NOT NULL,
    labeling jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: leases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.leases (
    task_id bigint NOT NULL,
    user_id uuid NOT NULL,
    token bigint NOT NULL,
    project_id uuid NOT NULL,
    locked_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL
);


--
-- Name: leases_token_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.leases ALTER COLUMN token ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.leases_token_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: lost_passes; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lost_passes (
    single boolean DEFAULT true NOT NULL,
    begun_at timestamp with time zone NOT NULL,
    bound bigint DEFAULT 0 NOT NULL,
    missing bigint DEFAULT 0 NOT NULL,
    stopped boolean DEFAULT false NOT NULL,
    CONSTRAINT lost_passes_single_check CHECK (single)
);


--
-- Name: lost_resources; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.lost_resources (
    uid uuid NOT NULL,
    kind text NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    times integer DEFAULT 1 NOT NULL,
    CONSTRAINT lost_resources_kind_check CHECK ((kind = ANY (ARRAY['project'::text, 'dataset'::text, 'export'::text]))),
    CONSTRAINT lost_resources_times_check CHECK ((times >= 1))
);


--
-- Name: outbox; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.outbox (
    id bigint NOT NULL,
    kind text NOT NULL,
    payload jsonb NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    done_at timestamp with time zone,
    CONSTRAINT outbox_kind_check CHECK ((kind = ANY (ARRAY['billing_revision'::text, 'delete_object'::text])))
);


--
-- Name: outbox_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.outbox ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: points_ledger; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.points_ledger (
    id bigint NOT NULL,
    user_id uuid NOT NULL,
    project_id uuid NOT NULL,
    answer_id bigint NOT NULL,
    approval_seq bigint NOT NULL,
    points integer NOT NULL,
    created_at timestamp with time zone NOT NULL
);


--
-- Name: points_ledger_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.points_ledger ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.points_ledger_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: project_workers; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.project_workers (
    project_id uuid NOT NULL,
    user_id uuid NOT NULL,
    standing text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT project_workers_standing_check CHECK ((standing = ANY (ARRAY['member'::text, 'blocked'::text])))
);


--
-- Name: projects; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.projects (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    bound_uid uuid,
    generation bigint NOT NULL,
    display_name text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    data_type text NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    paused boolean DEFAULT false NOT NULL,
    deletion_policy text NOT NULL,
    refusal text,
    labeling_version integer DEFAULT 0 NOT NULL,
    answers_per_task integer DEFAULT 1 NOT NULL,
    slots_frozen boolean DEFAULT false NOT NULL,
    reviewers_count integer DEFAULT 1 NOT NULL,
    reward_points integer DEFAULT 0 NOT NULL,
    lock_seconds integer DEFAULT 600 NOT NULL,
    on_reject text DEFAULT 'requeue'::text NOT NULL,
    max_rejections integer DEFAULT 3 NOT NULL,
    audience text DEFAULT 'public'::text NOT NULL,
    task_quota bigint DEFAULT 0 NOT NULL,
    tasks_used bigint DEFAULT 0 NOT NULL,
    billing_status text DEFAULT 'unpaid'::text NOT NULL,
    queue_floor bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT projects_answers_per_task_check CHECK (((answers_per_task >= 1) AND (answers_per_task <= 25))),
    CONSTRAINT projects_audience_check CHECK ((audience = ANY (ARRAY['public'::text, 'members'::text]))),
    CONSTRAINT projects_billing_status_check CHECK ((billing_status = ANY (ARRAY['unpaid'::text, 'pending'::text, 'paid'::text]))),
    CONSTRAINT projects_data_type_check CHECK ((data_type = ANY (ARRAY['text'::text, 'image'::text, 'audio'::text, 'video'::text, 'json'::text]))),
    CONSTRAINT projects_deletion_policy_check CHECK ((deletion_policy = ANY (ARRAY['retain'::text, 'delete'::text]))),
    CONSTRAINT projects_lock_seconds_check CHECK (((lock_seconds >= 1) AND (lock_seconds <= 86400))),
    CONSTRAINT projects_max_rejections_check CHECK ((max_rejections >= 1)),
    CONSTRAINT projects_on_reject_check CHECK ((on_reject = ANY (ARRAY['requeue'::text, 'close'::text]))),
    CONSTRAINT projects_reviewers_count_check CHECK (((reviewers_count >= 0) AND (reviewers_count <= 9))),
    CONSTRAINT projects_reward_points_check CHECK ((reward_points >= 0)),
    CONSTRAINT projects_state_check CHECK ((state = ANY (ARRAY['active'::text, 'paused'::text, 'completed'::text, 'closed'::text, 'deleting'::text]))),
    CONSTRAINT projects_task_quota_check CHECK ((task_quota >= 0)),
    CONSTRAINT projects_tasks_used_check CHECK ((tasks_used >= 0))
);


--
-- Name: review_leases; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.review_leases (
    answer_id bigint NOT NULL,
    user_id uuid NOT NULL,
    expires_at timestamp with time zone NOT NULL
);


--
-- Name: reviews; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.reviews (
    id bigint NOT NULL,
    answer_id bigint NOT NULL,
    user_id uuid NOT NULL,
    decision text NOT NULL,
    comment text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    slots_delta smallint DEFAULT 0 NOT NULL,
    CONSTRAINT reviews_comment CHECK (((decision = 'approved'::text) OR (comment <> ''::text))),
    CONSTRAINT reviews_decision_check CHECK ((decision = ANY (ARRAY['approved'::text, 'rejected'::text])))
);


--
-- Name: reviews_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.reviews ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reviews_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: run_holds; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.run_holds (
    target_id uuid NOT NULL,
    epoch bigint NOT NULL,
    run_id uuid NOT NULL,
    pod_uid text NOT NULL,
    seen_at timestamp with time zone NOT NULL
);


--
-- Name: runs; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.runs (
    id uuid NOT NULL,
    kind text NOT NULL,
    target_id uuid NOT NULL,
    uid uuid NOT NULL,
    attempt integer NOT NULL,
    rows_before bigint DEFAULT 0 NOT NULL,
    outcome text,
    reason text,
    message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT runs_attempt_check CHECK ((attempt >= 1)),
    CONSTRAINT runs_end CHECK (((outcome IS NULL) = (ended_at IS NULL))),
    CONSTRAINT runs_kind_check CHECK ((kind = ANY (ARRAY['generate'::text, 'export'::text]))),
    CONSTRAINT runs_outcome_check CHECK ((outcome = ANY (ARRAY['succeeded'::text, 'failed'::text])))
);


--
-- Name: skips; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.skips (
    task_id bigint NOT NULL,
    user_id uuid NOT NULL,
    reason text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: task_batches; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.task_batches (
    id bigint NOT NULL,
    dataset_id uuid NOT NULL,
    ordinal integer NOT NULL,
    size integer DEFAULT 0 NOT NULL,
    open_tasks integer DEFAULT 0 NOT NULL,
    approved integer DEFAULT 0 NOT NULL,
    rejected integer DEFAULT 0 NOT NULL,
    sealed boolean DEFAULT false NOT NULL,
    status text DEFAULT 'new'::text NOT NULL,
    CONSTRAINT task_batches_approved_check CHECK ((approved >= 0)),
    CONSTRAINT task_batches_open_tasks_check CHECK ((open_tasks >= 0)),
    CONSTRAINT task_batches_rejected_check CHECK ((rejected >= 0)),
    CONSTRAINT task_batches_status_check CHECK ((status = ANY (ARRAY['new'::text, 'ready'::text, 'in_progress'::text, 'done'::text])))
);


--
-- Name: task_batches_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.task_batches ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.task_batches_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: task_queue_pos; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.task_queue_pos
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: tasks; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tasks (
    id bigint NOT NULL,
    project_id uuid NOT NULL,
    dataset_id uuid NOT NULL,
    batch_id bigint NOT NULL,
    row_no bigint NOT NULL,
    payload jsonb NOT NULL,
    external_id text,
    labeling_version integer,
    slots smallint NOT NULL,
    slots_free smallint NOT NULL,
    leased smallint DEFAULT 0 NOT NULL,
    in_review smallint DEFAULT 0 NOT NULL,
    approved smallint DEFAULT 0 NOT NULL,
    rejections smallint DEFAULT 0 NOT NULL,
    status text GENERATED ALWAYS AS (
CASE
    WHEN (approved >= slots) THEN 'approved'::text
    WHEN (slots_free > 0) THEN 'new'::text
    WHEN (leased > 0) THEN 'locked'::text
    WHEN (in_review > 0) THEN 'in_review'::text
    ELSE 'rejected'::text
END) STORED NOT NULL,
    lane smallint DEFAULT 0 NOT NULL,
    queue_pos bigint,
    charged boolean DEFAULT true NOT NULL,
    CONSTRAINT tasks_approved_check CHECK ((approved >= 0)),
    CONSTRAINT tasks_in_review_check CHECK ((in_review >= 0)),
    CONSTRAINT tasks_leased_check CHECK ((leased >= 0)),
    CONSTRAINT tasks_queued CHECK (((queue_pos IS NULL) OR (slots_free > 0))),
    CONSTRAINT tasks_rejections_check CHECK ((rejections >= 0)),
    CONSTRAINT tasks_slots CHECK (((((slots_free + leased) + in_review) + approved) <= slots)),
    CONSTRAINT tasks_slots_check CHECK (((slots >= 1) AND (slots <= 25))),
    CONSTRAINT tasks_slots_free_check CHECK ((slots_free >= 0))
);


--
-- Name: tasks_id_seq; Type: SEQUENCE; Schema: public; Owner: -
--

ALTER TABLE public.tasks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.tasks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: tenant_members; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tenant_members (
    user_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: tenants; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tenants (
    id uuid NOT NULL,
    name text NOT NULL,
    home_namespace text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenants_name_dns CHECK (((name ~ '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'::text) AND (length(name) <= 63)))
);


--
-- Name: tombstones; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.tombstones (
    uid uuid NOT NULL,
    kind text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tombstones_kind_check CHECK ((kind = ANY (ARRAY['project'::text, 'dataset'::text, 'export'::text])))
);


--
-- Name: uploads; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.uploads (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    object_key text NOT NULL,
    multipart_id text,
    state text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT uploads_state_check CHECK ((state = ANY (ARRAY['open'::text, 'done'::text, 'aborted'::text])))
);


--
-- Name: worker_cursors; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.worker_cursors (
    user_id uuid NOT NULL,
    project_id uuid NOT NULL,
    queue_pos bigint NOT NULL,
    claimed_at timestamp with time zone NOT NULL
)
WITH (fillfactor='50');


--
-- Data for Name: _sqlx_migrations; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public._sqlx_migrations VALUES (1, 'tenants', '2026-11-26 21:57:05.981884+00', true, '\xc2905a23eb30c623224ee951bc68f1c380b457432b7b14156eb86710e727271b1055f1dd895c91c78909a8f17d128b39', 75317832);
INSERT INTO public._sqlx_migrations VALUES (2, 'projects', '2026-11-26 21:57:06.065343+00', true, '\x1aaff02116caacb5449fc1d3ecbb4f24a69a46f2ef43c185902c35f04e3ef72ab3df7804f3fbdfb7b500741806c02196', 71240821);
INSERT INTO public._sqlx_migrations VALUES (3, 'datasets', '2026-11-26 21:57:06.136816+00', true, '\x359fcbe071aeb399c5e73d7025bbea560920de531d531ca5121229a5f3469df979331691b3169b5d2e7584a4d60a1905', 92843151);
INSERT INTO public._sqlx_migrations VALUES (4, 'tasks', '2026-11-26 21:57:06.233419+00', true, '\x665c24a27819babb97d3a0b1ab4ab7e9460aa4285919d6603ddd2d6216422cca0f2e2e8b40d620ca183966e8156ba26e', 138081447);
INSERT INTO public._sqlx_migrations VALUES (5, 'exports', '2026-11-26 21:57:06.372084+00', true, '\xbb74963ae992c203cae6a852bc207c8202ca3808af2b197235b675ff853945b1cd48a548c6cbb406d5b8947179963a9d', 65526555);
INSERT INTO public._sqlx_migrations VALUES (6, 'large datasets', '2026-11-26 21:57:06.439599+00', true, '\x69fc35489c62168602d1a89e62e7aeea8be58ff80520d690d8f3e3a75df8b95d93a1243bc6617632b25715670cfc839f', 33277353);
INSERT INTO public._sqlx_migrations VALUES (7, 'crowd', '2026-11-26 21:57:06.479944+00', true, '\x9af8c3898a4a205105179f6384c7cdbe49b6e704155f2020cf528c9042f22770584d98a7aa19ad25955c9dcefc61040d', 20938437);
INSERT INTO public._sqlx_migrations VALUES (10, 'grants of payments', '2026-11-26 21:57:06.501415+00', true, '\x6d4d8d2e803dffac4dd2c58efc89b50eabef83617c9d6ecbb1f047d4bbb6a15c35fc6c0e2a5bec8e129e78c159e15792', 3394680);
INSERT INTO public._sqlx_migrations VALUES (20, 'audit', '2026-11-26 21:57:06.502983+00', true, '\x6c4171dce9f0a5dcca0b0d362c0ce740102dc545c19ac9af5a69c8ff8431c807730d2359050bed8b051d916302912d9e', 19697279);
INSERT INTO public._sqlx_migrations VALUES (21, 'idempotency keys', '2026-11-26 21:57:06.523058+00', true, '\x93f819cef4de723d325948ddcf818f8ea15163d1ceb91dbba0e228d2c268a151851562fb3b65925d5bfe2fd1d2d302fc', 3071376);
INSERT INTO public._sqlx_migrations VALUES (22, 'audit time', '2026-11-26 21:57:06.527698+00', true, '\x45590f3cf76e087866202af4e6c7407a54e80869a1194653b77930a3fa0d456a473394dcda4ce91f75864674c202c493', 4390620);
INSERT INTO public._sqlx_migrations VALUES (23, 'cascades', '2026-11-26 21:57:06.532174+00', true, '\x491c1faf81b5c5771c8018d0bef6d38b724af214f20b459897d68a17791b2673df0d0fee8001e57b1c62211188860bab', 12045748);
INSERT INTO public._sqlx_migrations VALUES (50, 'deleted datasets', '2026-11-26 21:57:06.545787+00', true, '\x4148a39a05aeceb1a083ba85f18a6d816c430a4f25878182e2693cd60de33e548d3cc346594cdc3e6591b18f6e163e62', 21094128);
INSERT INTO public._sqlx_migrations VALUES (51, 'lost resources', '2026-11-26 21:57:06.568967+00', true, '\x747349dd9fcebd1f121aee61aa4927bd45db07cefe9aac777f1ff38c54c4d6670ec3db02715677ef41363113f848d846', 23362575);


--
-- Data for Name: answers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.answers OVERRIDING SYSTEM VALUE VALUES (3, 4, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-cdd6-72ec-9351-3222642af755', 3, 1, '{"rating": "1"}', 'in_review', 1, 0, 0, NULL, '2026-11-26 21:57:13.678721+00', '2026-11-26 21:57:14.071113+00', NULL);
INSERT INTO public.answers OVERRIDING SYSTEM VALUE VALUES (1, 2, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-cdd6-72ec-9351-3222642af755', 1, 1, '{"rating": "1"}', 'approved', 1, 1, 0, NULL, '2026-11-26 21:57:13.678721+00', '2026-11-26 21:57:13.822927+00', '2026-11-26 21:57:14.138715+00');
INSERT INTO public.answers OVERRIDING SYSTEM VALUE VALUES (2, 3, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-cdd6-72ec-9351-3222642af755', 2, 1, '{"rating": "1"}', 'rejected', 1, 0, 1, NULL, '2026-11-26 21:57:13.678721+00', '2026-11-26 21:57:13.95947+00', '2026-11-26 21:57:14.284044+00');
INSERT INTO public.answers OVERRIDING SYSTEM VALUE VALUES (4, 21, '01a219dc-eeb9-726b-bd5f-65a5e71d4313', '01a219dc-cf4d-7530-86b1-d771748ad1b9', 7, 1, '{"rating": "0"}', 'approved', 0, 0, 0, NULL, '2026-11-26 21:57:20.096223+00', '2026-11-26 21:57:20.183502+00', '2026-11-26 21:57:20.183502+00');


--
-- Data for Name: approval_events; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.approval_events OVERRIDING SYSTEM VALUE VALUES (1, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 2, 1, 'approved', '2026-11-26 21:57:14.138715+00', NULL);
INSERT INTO public.approval_events OVERRIDING SYSTEM VALUE VALUES (2, '01a219dc-eeb9-726b-bd5f-65a5e71d4313', '01a219dc-effb-73e3-bf3d-5c3e22698497', 21, 4, 'approved', '2026-11-26 21:57:20.183502+00', NULL);


--
-- Data for Name: audit; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (1, '2026-11-26 21:57:11.607685+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'project.create', 'dc-clarad0a5b060/reviews-dkhb6', '{"displayName": "Reviews"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (2, '2026-11-26 21:57:11.946662+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.create', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '{"upload": true, "project": "01a219dc-d170-71ac-8b7a-b3bd62095cdb"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (3, '2026-11-26 21:57:12.272215+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.generate', '01a219dc-d33d-7570-817e-e700ca58248a', '{}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (4, '2026-11-26 21:57:14.139006+00', '01a219dc-cf4d-7530-86b1-d771748ad1b9', 'answer.review', '1', '{"status": "approved", "decision": "approved"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (5, '2026-11-26 21:57:14.288292+00', '01a219dc-cf4d-7530-86b1-d771748ad1b9', 'answer.review', '2', '{"status": "rejected", "decision": "rejected"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (6, '2026-11-26 21:57:14.6957+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'worker.blocked', '01a219dc-d076-70d5-8c29-490ae6040c15', '{"project": "01a219dc-d170-71ac-8b7a-b3bd62095cdb"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (7, '2026-11-26 21:57:14.73781+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'export.create', 'dc-clarad0a5b060/reviews-sx4dz', '{"project": "01a219dc-d170-71ac-8b7a-b3bd62095cdb"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (8, '2026-11-26 21:57:15.231274+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'project.create', 'dc-clarad0a5b060/reviews-6kqmz', '{"displayName": "Reviews"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (9, '2026-11-26 21:57:15.605629+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.create', '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', '{"upload": true, "project": "01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (10, '2026-11-26 21:57:16.01854+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.generate', '01a219dc-e1bc-767e-be22-71065c7b5c10', '{}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (11, '2026-11-26 21:57:17.331619+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'project.create', 'dc-clarad0a5b060/reviews-h4rta', '{"displayName": "Reviews"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (12, '2026-11-26 21:57:17.554763+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.create', '01a219dc-e7c8-76f4-913c-1be1445b1b73', '{"upload": true, "project": "01a219dc-e7c8-76f4-913c-1be1445b1b73"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (13, '2026-11-26 21:57:17.743753+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.generate', '01a219dc-e8c7-7339-91a1-a61c21306cc5', '{}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (14, '2026-11-26 21:57:18.176667+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.create', '01a219dc-e7c8-76f4-913c-1be1445b1b73', '{"upload": true, "project": "01a219dc-e7c8-76f4-913c-1be1445b1b73"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (15, '2026-11-26 21:57:18.567054+00', '01a219dc-c74d-727e-b1bc-04a2095a825f', 'dataset.generate', '01a219dc-ebaa-7474-b1f6-99367eb014ef', '{}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (16, '2026-11-26 21:57:19.125198+00', '01a219dc-cae5-77ad-8ac3-6463577e6358', 'project.create', 'dc-dorad505071f/reviews-ur39t', '{"displayName": "Reviews"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (17, '2026-11-26 21:57:19.325764+00', '01a219dc-cae5-77ad-8ac3-6463577e6358', 'dataset.create', '01a219dc-eeb9-726b-bd5f-65a5e71d4313', '{"upload": true, "project": "01a219dc-eeb9-726b-bd5f-65a5e71d4313"}');
INSERT INTO public.audit OVERRIDING SYSTEM VALUE VALUES (18, '2026-11-26 21:57:19.557718+00', '01a219dc-cae5-77ad-8ac3-6463577e6358', 'dataset.generate', '01a219dc-effb-73e3-bf3d-5c3e22698497', '{}');


--
-- Data for Name: datasets; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.datasets VALUES ('01a219dc-ebaa-7474-b1f6-99367eb014ef', '01a219dc-c9e0-7683-949f-aabbbddc95ad', '01a219dc-e7c8-76f4-913c-1be1445b1b73', 'dc-clarad0a5b060', 'items-2jbap', 'a3f8117b-cb16-4980-8cbf-a311717dff47', 1, 's3://datacrowd/dc-clarad0a5b060/datasets/01a219dc-eae3-7150-8f2c-4c2acf376e60/source.csv', 'csv', false, 5, 10, true, 'ready', 2, 2, 0, 1, 1, '{"header": ["id", "text"], "offset": 20, "nextRow": 3, "nextLine": 4, "rejected": 0, "batchOrdinal": 1, "rejectedRows": []}', '"1350a6fc38de7ccca82eb9c13461863c-1"', 28, 'c2c84436719925fbfd2367011581ea2c8a4216f1409cb7bbace0307ceffa1f4e', '2026-11-26 21:57:18.597184+00', '2026-11-26 21:57:19.03264+00', '2026-11-26 21:57:18.373509+00', '2026-11-26 21:57:19.03264+00', 0, NULL, NULL, NULL, NULL, NULL, false);
INSERT INTO public.datasets VALUES ('01a219dc-e8c7-7339-91a1-a61c21306cc5', '01a219dc-c9e0-7683-949f-aabbbddc95ad', '01a219dc-e7c8-76f4-913c-1be1445b1b73', 'dc-clarad0a5b060', 'items-9vqmx', NULL, 1, 's3://datacrowd/dc-clarad0a5b060/datasets/01a219dc-e874-757d-883b-a3e89ac1a4dc/source.csv', 'csv', false, 5, 10, true, 'generating', NULL, 3, 0, 1, 0, '{"header": ["id", "text"], "offset": 30, "nextRow": 4, "nextLine": 5, "rejected": 0, "batchOrdinal": 1, "rejectedRows": []}', '"ed5b2d7f90b33609876190b58bc6bf49-1"', 68, 'd9355b2bc6dc89b48da754ff34f70abfe46b36f1b58d621e9feef50d8b07d709', '2026-11-26 21:57:17.780383+00', NULL, '2026-11-26 21:57:17.637181+00', '2026-11-26 21:57:18.081063+00', 2000, NULL, NULL, NULL, NULL, NULL, false);
INSERT INTO public.datasets VALUES ('01a219dc-e1bc-767e-be22-71065c7b5c10', '01a219dc-c9e0-7683-949f-aabbbddc95ad', '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', 'dc-clarad0a5b060', 'items-jgnas', NULL, 1, 's3://datacrowd/dc-clarad0a5b060/datasets/01a219dc-e0de-748e-9157-a9342de3b1e1/source.csv', 'csv', false, 5, 10, true, 'ready', 4, 4, 0, 1, 1, '{"header": ["id", "text"], "offset": 40, "nextRow": 5, "nextLine": 6, "rejected": 0, "batchOrdinal": 1, "rejectedRows": []}', '"4e48da8b0e060203f3f29ae22960f68e-1"', 48, 'd162afc76d9a0a7890ae4be0ca10ec84b65cb31d2bd1550d2ee8d1ca3d328358', '2026-11-26 21:57:16.066139+00', '2026-11-26 21:57:16.724292+00', '2026-11-26 21:57:15.826679+00', '2026-11-26 21:57:16.922938+00', 2000, NULL, NULL, NULL, NULL, NULL, false);
INSERT INTO public.datasets VALUES ('01a219dc-d33d-7570-817e-e700ca58248a', '01a219dc-c9e0-7683-949f-aabbbddc95ad', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', 'dc-clarad0a5b060', 'items-bbhem', '1f0e09cc-1ac6-48f3-a8f0-41d7a5e2863f', 1, 's3://datacrowd/dc-clarad0a5b060/datasets/01a219dc-d291-7427-b80b-45fd9d7dfcc1/source.csv', 'csv', false, 5, 10, true, 'ready', 11, 11, 1, 3, 3, '{"header": ["id", "text"], "offset": 120, "nextRow": 13, "nextLine": 14, "rejected": 1, "batchOrdinal": 3, "rejectedRows": [{"line": 3, "reason": "the row has 3 cells, the header 2"}]}', '"3cd6ea0b0c39949f51edfc60b6ee4e27-1"', 134, 'bfb75e4d7d97d63980c9388efe3d701b08ef708d95a7d39cf89ee54897e3ff3d', '2026-11-26 21:57:12.321855+00', '2026-11-26 21:57:13.43886+00', '2026-11-26 21:57:12.116904+00', '2026-11-26 21:57:13.43886+00', 0, NULL, NULL, NULL, NULL, NULL, false);
INSERT INTO public.datasets VALUES ('01a219dc-effb-73e3-bf3d-5c3e22698497', '01a219dc-ccf3-71ea-ba9f-36f13e6a03e0', '01a219dc-eeb9-726b-bd5f-65a5e71d4313', 'dc-dorad505071f', 'items-j8vus', 'ef382408-adff-47cd-8ccf-0e483ce869e2', 1, 's3://datacrowd/dc-dorad505071f/datasets/01a219dc-ef6a-708c-aab6-2cf8ea0366fd/source.csv', 'csv', false, 5, 10, true, 'ready', 3, 3, 0, 1, 1, '{"header": ["id", "text"], "offset": 30, "nextRow": 4, "nextLine": 5, "rejected": 0, "batchOrdinal": 1, "rejectedRows": []}', '"53610fcb1e636a5e27e77c1d14731a7b-1"', 38, '48374117ecb8c179792a4eca8640dea7a3ae7f39e32b96cdd01364968bd21832', '2026-11-26 21:57:19.588099+00', '2026-11-26 21:57:19.990366+00', '2026-11-26 21:57:19.471967+00', '2026-11-26 21:57:19.990366+00', 0, NULL, NULL, NULL, NULL, NULL, false);


--
-- Data for Name: events; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (1, 'tenant.joined', '01a219dc-c9e0-7683-949f-aabbbddc95ad', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{"user": "01a219dc-c74d-727e-b1bc-04a2095a825f"}', '2026-11-26 21:57:09.72739+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (2, 'tenant.joined', '01a219dc-ccf3-71ea-ba9f-36f13e6a03e0', '01a219dc-c34a-750e-b8cd-2bdc160387c0', '{"user": "01a219dc-cae5-77ad-8ac3-6463577e6358"}', '2026-11-26 21:57:10.514512+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (3, 'project.applied', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', 'resource', '{"generation": 1}', '2026-11-26 21:57:11.628683+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (4, 'project.granted', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', 'internal', '{"grantId": "ab62b5c3-fcc2-4df4-9178-96a038e94b5f", "judgements": 100}', '2026-11-26 21:57:11.823837+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (5, 'dataset.applied', '01a219dc-d33d-7570-817e-e700ca58248a', 'resource', '{"generation": 1}', '2026-11-26 21:57:12.116904+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (6, 'dataset.generating', '01a219dc-d33d-7570-817e-e700ca58248a', 'gate', '{"run": "01a219dc-d42d-72fd-a20f-11936ca31787", "attempt": 1}', '2026-11-26 21:57:12.332123+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (7, 'dataset.ready', '01a219dc-d33d-7570-817e-e700ca58248a', 'runner', '{"rows": 11}', '2026-11-26 21:57:13.448646+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (8, 'task.locked', '2', '01a219dc-cdd6-72ec-9351-3222642af755', '{}', '2026-11-26 21:57:13.67996+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (9, 'task.locked', '3', '01a219dc-cdd6-72ec-9351-3222642af755', '{}', '2026-11-26 21:57:13.67996+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (10, 'task.locked', '4', '01a219dc-cdd6-72ec-9351-3222642af755', '{}', '2026-11-26 21:57:13.67996+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (11, 'answer.submitted', '1', '01a219dc-cdd6-72ec-9351-3222642af755', '{"task": 2, "status": "in_review"}', '2026-11-26 21:57:13.823813+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (12, 'task.changed', '2', '01a219dc-cdd6-72ec-9351-3222642af755', '{"to": "in_review", "from": "locked"}', '2026-11-26 21:57:13.823813+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (13, 'answer.submitted', '2', '01a219dc-cdd6-72ec-9351-3222642af755', '{"task": 3, "status": "in_review"}', '2026-11-26 21:57:13.964326+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (14, 'task.changed', '3', '01a219dc-cdd6-72ec-9351-3222642af755', '{"to": "in_review", "from": "locked"}', '2026-11-26 21:57:13.964326+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (15, 'answer.submitted', '3', '01a219dc-cdd6-72ec-9351-3222642af755', '{"task": 4, "status": "in_review"}', '2026-11-26 21:57:14.076734+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (16, 'task.changed', '4', '01a219dc-cdd6-72ec-9351-3222642af755', '{"to": "in_review", "from": "locked"}', '2026-11-26 21:57:14.076734+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (17, 'answer.reviewed', '1', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"status": "approved", "decision": "approved"}', '2026-11-26 21:57:14.139006+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (18, 'task.changed', '2', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"to": "approved", "from": "in_review"}', '2026-11-26 21:57:14.139006+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (19, 'answer.reviewed', '2', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"status": "rejected", "decision": "rejected"}', '2026-11-26 21:57:14.288292+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (20, 'task.changed', '3', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"to": "new", "from": "in_review"}', '2026-11-26 21:57:14.288292+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (21, 'task.locked', '5', '01a219dc-cdd6-72ec-9351-3222642af755', '{}', '2026-11-26 21:57:14.465755+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (22, 'task.locked', '6', '01a219dc-cdd6-72ec-9351-3222642af755', '{}', '2026-11-26 21:57:14.465755+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (23, 'task.locked', '7', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{}', '2026-11-26 21:57:14.539083+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (24, 'task.returned', '7', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{}', '2026-11-26 21:57:14.674711+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (25, 'task.changed', '7', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"to": "new", "from": "locked"}', '2026-11-26 21:57:14.674711+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (26, 'worker.blocked', '01a219dc-d076-70d5-8c29-490ae6040c15', '01a219dc-c74d-727e-b1bc-04a2095a825f', '{"project": "01a219dc-d170-71ac-8b7a-b3bd62095cdb"}', '2026-11-26 21:57:14.6957+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (27, 'export.applied', '01a219dc-ddc8-7169-b446-efa5edf5a3d1', 'resource', '{"generation": 1}', '2026-11-26 21:57:14.791967+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (28, 'project.applied', '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', 'resource', '{"generation": 1}', '2026-11-26 21:57:15.277669+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (29, 'project.granted', '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', 'internal', '{"grantId": "a9674e19-fa1f-47db-9266-d605c80a3fcd", "judgements": 50}', '2026-11-26 21:57:15.481532+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (30, 'dataset.applied', '01a219dc-e1bc-767e-be22-71065c7b5c10', 'resource', '{"generation": 1}', '2026-11-26 21:57:15.826679+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (31, 'dataset.generating', '01a219dc-e1bc-767e-be22-71065c7b5c10', 'gate', '{"run": "01a219dc-e2b4-7468-8ae3-ef834d82889a", "attempt": 1}', '2026-11-26 21:57:16.068839+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (32, 'dataset.ready', '01a219dc-e1bc-767e-be22-71065c7b5c10', 'runner', '{"rows": 4}', '2026-11-26 21:57:16.726943+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (33, 'dataset.deleted', '01a219dc-e1bc-767e-be22-71065c7b5c10', 'resource', '{"policy": "retain"}', '2026-11-26 21:57:16.922938+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (34, 'project.deleted', '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', 'resource', '{"policy": "retain"}', '2026-11-26 21:57:17.194105+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (35, 'project.applied', '01a219dc-e7c8-76f4-913c-1be1445b1b73', 'resource', '{"generation": 1}', '2026-11-26 21:57:17.364592+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (36, 'project.granted', '01a219dc-e7c8-76f4-913c-1be1445b1b73', 'internal', '{"grantId": "faedfaf1-7fef-466f-aeeb-92409cefdcba", "judgements": 50}', '2026-11-26 21:57:17.483972+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (37, 'dataset.applied', '01a219dc-e8c7-7339-91a1-a61c21306cc5', 'resource', '{"generation": 1}', '2026-11-26 21:57:17.637181+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (38, 'dataset.generating', '01a219dc-e8c7-7339-91a1-a61c21306cc5', 'gate', '{"run": "01a219dc-e961-713e-ab28-c06df1c15ea2", "attempt": 1}', '2026-11-26 21:57:17.786971+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (39, 'dataset.deleted', '01a219dc-e8c7-7339-91a1-a61c21306cc5', 'resource', '{"policy": "retain"}', '2026-11-26 21:57:18.081063+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (40, 'dataset.applied', '01a219dc-ebaa-7474-b1f6-99367eb014ef', 'resource', '{"generation": 1}', '2026-11-26 21:57:18.373509+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (41, 'dataset.generating', '01a219dc-ebaa-7474-b1f6-99367eb014ef', 'gate', '{"run": "01a219dc-ec93-71d4-bd9d-8fe44ba017fc", "attempt": 1}', '2026-11-26 21:57:18.599527+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (42, 'dataset.ready', '01a219dc-ebaa-7474-b1f6-99367eb014ef', 'runner', '{"rows": 2}', '2026-11-26 21:57:19.035602+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (43, 'project.applied', '01a219dc-eeb9-726b-bd5f-65a5e71d4313', 'resource', '{"generation": 1}', '2026-11-26 21:57:19.156782+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (44, 'project.granted', '01a219dc-eeb9-726b-bd5f-65a5e71d4313', 'internal', '{"grantId": "cdaa3027-80a2-4ed1-8d70-5edc230311d0", "judgements": 5}', '2026-11-26 21:57:19.259686+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (45, 'dataset.applied', '01a219dc-effb-73e3-bf3d-5c3e22698497', 'resource', '{"generation": 1}', '2026-11-26 21:57:19.471967+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (46, 'dataset.generating', '01a219dc-effb-73e3-bf3d-5c3e22698497', 'gate', '{"run": "01a219dc-f06b-74f4-8b91-17fcf046ba78", "attempt": 1}', '2026-11-26 21:57:19.589535+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (47, 'dataset.ready', '01a219dc-effb-73e3-bf3d-5c3e22698497', 'runner', '{"rows": 3}', '2026-11-26 21:57:19.997296+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (48, 'task.locked', '21', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{}', '2026-11-26 21:57:20.098521+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (49, 'answer.submitted', '4', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"task": 21, "status": "approved"}', '2026-11-26 21:57:20.190089+00');
INSERT INTO public.events OVERRIDING SYSTEM VALUE VALUES (50, 'task.changed', '21', '01a219dc-cf4d-7530-86b1-d771748ad1b9', '{"to": "approved", "from": "locked"}', '2026-11-26 21:57:20.190089+00');


--
-- Data for Name: exports; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.exports VALUES ('01a219dc-ddc8-7169-b446-efa5edf5a3d1', '01a219dc-c9e0-7683-949f-aabbbddc95ad', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', NULL, 'dc-clarad0a5b060', 'reviews-sx4dz', '930f3d2f-05a8-459b-84ed-c39e62c18535', 1, 'jsonl', 'now', 'answer', NULL, false, 'running', 1, '{"answer": ["rating"], "source": ["id", "text"]}', 'dc-clarad0a5b060/exports/01a219dc-ddc8-7169-b446-efa5edf5a3d1/result.jsonl', 'dd99cf8d-0f6e-44f4-839e-b3247674749f', NULL, NULL, NULL, NULL, NULL, '2026-11-26 21:57:14.791967+00', '2026-11-26 21:57:14.875522+00');


--
-- Data for Name: grants; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.grants VALUES ('01a219dc-d170-71ac-8b7a-b3bd62095cdb', 'ab62b5c3-fcc2-4df4-9178-96a038e94b5f', 100, 1, '2026-11-26 21:57:11.823837+00', false);
INSERT INTO public.grants VALUES ('01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', 'a9674e19-fa1f-47db-9266-d605c80a3fcd', 50, 1, '2026-11-26 21:57:15.481532+00', false);
INSERT INTO public.grants VALUES ('01a219dc-e7c8-76f4-913c-1be1445b1b73', 'faedfaf1-7fef-466f-aeeb-92409cefdcba', 50, 1, '2026-11-26 21:57:17.483972+00', false);
INSERT INTO public.grants VALUES ('01a219dc-eeb9-726b-bd5f-65a5e71d4313', 'cdaa3027-80a2-4ed1-8d70-5edc230311d0', 5, 1, '2026-11-26 21:57:19.259686+00', false);


--
-- Data for Name: idempotency_keys; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: labeling_versions; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.labeling_versions VALUES ('01a219dc-d170-71ac-8b7a-b3bd62095cdb', 1, '{"fields": [{"name": "rating", "type": "SingleChoice", "options": ["-1", "0", "1"], "required": true}], "display": [{"kind": "Text", "column": "text"}], "lockSeconds": 600, "rewardPoints": 5, "externalIdColumn": "id"}', '2026-11-26 21:57:11.628683+00');
INSERT INTO public.labeling_versions VALUES ('01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', 1, '{"fields": [{"name": "rating", "type": "SingleChoice", "options": ["-1", "0", "1"], "required": true}], "display": [{"kind": "Text", "column": "text"}], "rewardPoints": 5, "externalIdColumn": "id"}', '2026-11-26 21:57:15.277669+00');
INSERT INTO public.labeling_versions VALUES ('01a219dc-e7c8-76f4-913c-1be1445b1b73', 1, '{"fields": [{"name": "rating", "type": "SingleChoice", "options": ["-1", "0", "1"], "required": true}], "display": [{"kind": "Text", "column": "text"}], "rewardPoints": 5, "answersPerTask": 2, "externalIdColumn": "id"}', '2026-11-26 21:57:17.364592+00');
INSERT INTO public.labeling_versions VALUES ('01a219dc-eeb9-726b-bd5f-65a5e71d4313', 1, '{"fields": [{"name": "rating", "type": "SingleChoice", "options": ["-1", "0", "1"], "required": true}], "display": [{"kind": "Text", "column": "text"}], "rewardPoints": 1, "externalIdColumn": "id", "reviewersPerAnswer": 0}', '2026-11-26 21:57:19.156782+00');


--
-- Data for Name: leases; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.leases OVERRIDING SYSTEM VALUE VALUES (5, '01a219dc-cdd6-72ec-9351-3222642af755', 4, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '2026-11-26 21:57:14.462384+00', '2026-11-26 22:07:14.462384+00');
INSERT INTO public.leases OVERRIDING SYSTEM VALUE VALUES (6, '01a219dc-cdd6-72ec-9351-3222642af755', 5, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '2026-11-26 21:57:14.462384+00', '2026-11-26 22:07:14.462384+00');


--
-- Data for Name: lost_passes; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: lost_resources; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: outbox; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES (1, 'billing_revision', '{"name": "reviews-dkhb6", "namespace": "dc-clarad0a5b060"}', 0, '2026-11-26 21:57:11.823837+00', NULL);
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES (2, 'billing_revision', '{"name": "reviews-6kqmz", "namespace": "dc-clarad0a5b060"}', 0, '2026-11-26 21:57:15.481532+00', NULL);
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES (3, 'billing_revision', '{"name": "reviews-h4rta", "namespace": "dc-clarad0a5b060"}', 0, '2026-11-26 21:57:17.483972+00', NULL);
INSERT INTO public.outbox OVERRIDING SYSTEM VALUE VALUES (4, 'billing_revision', '{"name": "reviews-ur39t", "namespace": "dc-dorad505071f"}', 0, '2026-11-26 21:57:19.259686+00', NULL);


--
-- Data for Name: points_ledger; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.points_ledger OVERRIDING SYSTEM VALUE VALUES (1, '01a219dc-cdd6-72ec-9351-3222642af755', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', 1, 1, 5, '2026-11-26 21:57:14.138715+00');
INSERT INTO public.points_ledger OVERRIDING SYSTEM VALUE VALUES (2, '01a219dc-cf4d-7530-86b1-d771748ad1b9', '01a219dc-eeb9-726b-bd5f-65a5e71d4313', 4, 2, 1, '2026-11-26 21:57:20.183502+00');


--
-- Data for Name: project_workers; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.project_workers VALUES ('01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d076-70d5-8c29-490ae6040c15', 'blocked', '2026-11-26 21:57:14.6957+00');


--
-- Data for Name: projects; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.projects VALUES ('01a219dc-eeb9-726b-bd5f-65a5e71d4313', '01a219dc-ccf3-71ea-ba9f-36f13e6a03e0', 'dc-dorad505071f', 'reviews-ur39t', 'c367a1ef-4a65-4c07-9fb0-7596464c64a4', 1, 'Reviews', '', 'text', 'active', false, 'retain', NULL, 1, 1, true, 0, 1, 600, 'requeue', 3, 'public', 5, 3, 'paid', 0, '2026-11-26 21:57:19.156782+00', '2026-11-26 21:57:19.471967+00');
INSERT INTO public.projects VALUES ('01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-c9e0-7683-949f-aabbbddc95ad', 'dc-clarad0a5b060', 'reviews-dkhb6', 'b0119bc2-61b9-498d-8a25-7902f575fda8', 1, 'Reviews', '', 'text', 'active', false, 'retain', NULL, 1, 1, true, 1, 5, 600, 'requeue', 3, 'public', 100, 11, 'paid', 0, '2026-11-26 21:57:11.628683+00', '2026-11-26 21:57:12.116904+00');
INSERT INTO public.projects VALUES ('01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', '01a219dc-c9e0-7683-949f-aabbbddc95ad', 'dc-clarad0a5b060', 'reviews-6kqmz', NULL, 1, 'Reviews', '', 'text', 'active', false, 'retain', NULL, 1, 1, true, 1, 5, 600, 'requeue', 3, 'public', 50, 4, 'paid', 0, '2026-11-26 21:57:15.277669+00', '2026-11-26 21:57:17.194105+00');
INSERT INTO public.projects VALUES ('01a219dc-e7c8-76f4-913c-1be1445b1b73', '01a219dc-c9e0-7683-949f-aabbbddc95ad', 'dc-clarad0a5b060', 'reviews-h4rta', 'cc1261b5-ffe8-4655-9531-e8fc5dc3cd0c', 1, 'Reviews', '', 'text', 'active', false, 'retain', NULL, 1, 2, true, 1, 5, 600, 'requeue', 3, 'public', 50, 10, 'paid', 0, '2026-11-26 21:57:17.364592+00', '2026-11-26 21:57:18.373509+00');


--
-- Data for Name: review_leases; Type: TABLE DATA; Schema: public; Owner: -
--



--
-- Data for Name: reviews; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.reviews OVERRIDING SYSTEM VALUE VALUES (1, 1, '01a219dc-cf4d-7530-86b1-d771748ad1b9', 'approved', '', '2026-11-26 21:57:14.138715+00', 0);
INSERT INTO public.reviews OVERRIDING SYSTEM VALUE VALUES (2, 2, '01a219dc-cf4d-7530-86b1-d771748ad1b9', 'rejected', 'look again', '2026-11-26 21:57:14.284044+00', 1);


--
-- Data for Name: run_holds; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.run_holds VALUES ('01a219dc-d33d-7570-817e-e700ca58248a', 2, '01a219dc-d42d-72fd-a20f-11936ca31787', 'pod-1', '1970-01-01 00:00:00+00');
INSERT INTO public.run_holds VALUES ('01a219dc-ddc8-7169-b446-efa5edf5a3d1', 1, '01a219dc-de14-74c7-ae43-51fda8175489', 'pod-2', '2026-11-26 21:57:15.085562+00');
INSERT INTO public.run_holds VALUES ('01a219dc-e1bc-767e-be22-71065c7b5c10', 3, '01a219dc-e2b4-7468-8ae3-ef834d82889a', 'pod-1', '1970-01-01 00:00:00+00');
INSERT INTO public.run_holds VALUES ('01a219dc-e8c7-7339-91a1-a61c21306cc5', 2, '01a219dc-e961-713e-ab28-c06df1c15ea2', 'pod-1', '1970-01-01 00:00:00+00');
INSERT INTO public.run_holds VALUES ('01a219dc-ebaa-7474-b1f6-99367eb014ef', 2, '01a219dc-ec93-71d4-bd9d-8fe44ba017fc', 'pod-1', '1970-01-01 00:00:00+00');
INSERT INTO public.run_holds VALUES ('01a219dc-effb-73e3-bf3d-5c3e22698497', 2, '01a219dc-f06b-74f4-8b91-17fcf046ba78', 'pod-1', '1970-01-01 00:00:00+00');


--
-- Data for Name: runs; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.runs VALUES ('01a219dc-d42d-72fd-a20f-11936ca31787', 'generate', '01a219dc-d33d-7570-817e-e700ca58248a', '1f0e09cc-1ac6-48f3-a8f0-41d7a5e2863f', 1, 0, 'succeeded', NULL, NULL, '2026-11-26 21:57:12.321855+00', '2026-11-26 21:57:13.43886+00');
INSERT INTO public.runs VALUES ('01a219dc-de14-74c7-ae43-51fda8175489', 'export', '01a219dc-ddc8-7169-b446-efa5edf5a3d1', '930f3d2f-05a8-459b-84ed-c39e62c18535', 1, 0, NULL, NULL, NULL, '2026-11-26 21:57:14.875522+00', NULL);
INSERT INTO public.runs VALUES ('01a219dc-e2b4-7468-8ae3-ef834d82889a', 'generate', '01a219dc-e1bc-767e-be22-71065c7b5c10', '3c0b21ba-f214-4600-9559-fa393ed1b8a9', 1, 0, 'succeeded', NULL, NULL, '2026-11-26 21:57:16.066139+00', '2026-11-26 21:57:16.724292+00');
INSERT INTO public.runs VALUES ('01a219dc-e961-713e-ab28-c06df1c15ea2', 'generate', '01a219dc-e8c7-7339-91a1-a61c21306cc5', '790abb66-b041-4742-95e9-a546b4c27b40', 1, 0, NULL, NULL, NULL, '2026-11-26 21:57:17.780383+00', NULL);
INSERT INTO public.runs VALUES ('01a219dc-ec93-71d4-bd9d-8fe44ba017fc', 'generate', '01a219dc-ebaa-7474-b1f6-99367eb014ef', 'a3f8117b-cb16-4980-8cbf-a311717dff47', 1, 0, 'succeeded', NULL, NULL, '2026-11-26 21:57:18.597184+00', '2026-11-26 21:57:19.03264+00');
INSERT INTO public.runs VALUES ('01a219dc-f06b-74f4-8b91-17fcf046ba78', 'generate', '01a219dc-effb-73e3-bf3d-5c3e22698497', 'ef382408-adff-47cd-8ccf-0e483ce869e2', 1, 0, 'succeeded', NULL, NULL, '2026-11-26 21:57:19.588099+00', '2026-11-26 21:57:19.990366+00');


--
-- Data for Name: skips; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.skips VALUES (7, '01a219dc-cf4d-7530-86b1-d771748ad1b9', 'blurry', '2026-11-26 21:57:14.652226+00');


--
-- Data for Name: task_batches; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.task_batches OVERRIDING SYSTEM VALUE VALUES (4, '01a219dc-d33d-7570-817e-e700ca58248a', 2, 1, 1, 0, 0, true, 'ready');
INSERT INTO public.task_batches OVERRIDING SYSTEM VALUE VALUES (1, '01a219dc-d33d-7570-817e-e700ca58248a', 0, 5, 4, 1, 0, true, 'in_progress');
INSERT INTO public.task_batches OVERRIDING SYSTEM VALUE VALUES (3, '01a219dc-d33d-7570-817e-e700ca58248a', 1, 5, 5, 0, 0, true, 'in_progress');
INSERT INTO public.task_batches OVERRIDING SYSTEM VALUE VALUES (5, '01a219dc-e1bc-767e-be22-71065c7b5c10', 0, 4, 4, 0, 0, true, 'ready');
INSERT INTO public.task_batches OVERRIDING SYSTEM VALUE VALUES (6, '01a219dc-e8c7-7339-91a1-a61c21306cc5', 0, 3, 3, 0, 0, false, 'new');
INSERT INTO public.task_batches OVERRIDING SYSTEM VALUE VALUES (7, '01a219dc-ebaa-7474-b1f6-99367eb014ef', 0, 2, 2, 0, 0, true, 'ready');
INSERT INTO public.task_batches OVERRIDING SYSTEM VALUE VALUES (8, '01a219dc-effb-73e3-bf3d-5c3e22698497', 0, 3, 2, 1, 0, true, 'in_progress');


--
-- Data for Name: tasks; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (8, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 3, 9, '{"id": "i9", "text": "text 9"}', 'i9', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 7, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (9, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 3, 10, '{"id": "i10", "text": "text 10"}', 'i10', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 8, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (10, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 3, 11, '{"id": "i11", "text": "text 11"}', 'i11', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 9, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (1, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 1, 1, '{"id": "i1", "text": "text 1"}', 'i1', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 10, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (11, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 4, 12, '{"id": "i12", "text": "text 12"}', 'i12', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 11, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (22, '01a219dc-eeb9-726b-bd5f-65a5e71d4313', '01a219dc-effb-73e3-bf3d-5c3e22698497', 8, 2, '{"id": "i2", "text": "text 2"}', 'i2', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 21, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (4, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 1, 5, '{"id": "i5", "text": "text 5"}', 'i5', 1, 1, 0, 0, 1, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (2, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 1, 3, '{"id": "i3", "text": "text 3"}', 'i3', 1, 1, 0, 0, 0, 1, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (3, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 1, 4, '{"id": "i4", "text": "text 4"}', 'i4', 1, 1, 1, 0, 0, 0, 1, DEFAULT, 0, 12, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (5, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 1, 6, '{"id": "i6", "text": "text 6"}', 'i6', 1, 1, 0, 1, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (6, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 3, 7, '{"id": "i7", "text": "text 7"}', 'i7', 1, 1, 0, 1, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (7, '01a219dc-d170-71ac-8b7a-b3bd62095cdb', '01a219dc-d33d-7570-817e-e700ca58248a', 3, 8, '{"id": "i8", "text": "text 8"}', 'i8', 1, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 13, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (12, '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', '01a219dc-e1bc-767e-be22-71065c7b5c10', 5, 1, '{"id": "i1", "text": "text 1"}', 'i1', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (13, '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', '01a219dc-e1bc-767e-be22-71065c7b5c10', 5, 2, '{"id": "i2", "text": "text 2"}', 'i2', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (14, '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', '01a219dc-e1bc-767e-be22-71065c7b5c10', 5, 3, '{"id": "i3", "text": "text 3"}', 'i3', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (15, '01a219dc-dfa5-7140-b9ae-9d6ddb6a20a1', '01a219dc-e1bc-767e-be22-71065c7b5c10', 5, 4, '{"id": "i4", "text": "text 4"}', 'i4', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (16, '01a219dc-e7c8-76f4-913c-1be1445b1b73', '01a219dc-e8c7-7339-91a1-a61c21306cc5', 6, 1, '{"id": "i1", "text": "text 1"}', 'i1', NULL, 2, 2, 0, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (17, '01a219dc-e7c8-76f4-913c-1be1445b1b73', '01a219dc-e8c7-7339-91a1-a61c21306cc5', 6, 2, '{"id": "i2", "text": "text 2"}', 'i2', NULL, 2, 2, 0, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (18, '01a219dc-e7c8-76f4-913c-1be1445b1b73', '01a219dc-e8c7-7339-91a1-a61c21306cc5', 6, 3, '{"id": "i3", "text": "text 3"}', 'i3', NULL, 2, 2, 0, 0, 0, 0, DEFAULT, 0, NULL, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (19, '01a219dc-e7c8-76f4-913c-1be1445b1b73', '01a219dc-ebaa-7474-b1f6-99367eb014ef', 7, 1, '{"id": "i1", "text": "text 1"}', 'i1', NULL, 2, 2, 0, 0, 0, 0, DEFAULT, 0, 18, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (20, '01a219dc-e7c8-76f4-913c-1be1445b1b73', '01a219dc-ebaa-7474-b1f6-99367eb014ef', 7, 2, '{"id": "i2", "text": "text 2"}', 'i2', NULL, 2, 2, 0, 0, 0, 0, DEFAULT, 0, 19, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (23, '01a219dc-eeb9-726b-bd5f-65a5e71d4313', '01a219dc-effb-73e3-bf3d-5c3e22698497', 8, 3, '{"id": "i3", "text": "text 3"}', 'i3', NULL, 1, 1, 0, 0, 0, 0, DEFAULT, 0, 22, true);
INSERT INTO public.tasks OVERRIDING SYSTEM VALUE VALUES (21, '01a219dc-eeb9-726b-bd5f-65a5e71d4313', '01a219dc-effb-73e3-bf3d-5c3e22698497', 8, 1, '{"id": "i1", "text": "text 1"}', 'i1', 1, 1, 0, 0, 0, 1, 0, DEFAULT, 0, NULL, true);


--
-- Data for Name: tenant_members; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tenant_members VALUES ('01a219dc-c74d-727e-b1bc-04a2095a825f', '01a219dc-c9e0-7683-949f-aabbbddc95ad', '2026-11-26 21:57:09.72739+00');
INSERT INTO public.tenant_members VALUES ('01a219dc-cae5-77ad-8ac3-6463577e6358', '01a219dc-ccf3-71ea-ba9f-36f13e6a03e0', '2026-11-26 21:57:10.514512+00');


--
-- Data for Name: tenants; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tenants VALUES ('01a219dc-c9e0-7683-949f-aabbbddc95ad', 'clarad0a5b060', 'dc-clarad0a5b060', '2026-11-26 21:57:09.72739+00');
INSERT INTO public.tenants VALUES ('01a219dc-ccf3-71ea-ba9f-36f13e6a03e0', 'dorad505071f', 'dc-dorad505071f', '2026-11-26 21:57:10.514512+00');


--
-- Data for Name: tombstones; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.tombstones VALUES ('3c0b21ba-f214-4600-9559-fa393ed1b8a9', 'dataset', '2026-11-26 21:57:16.922938+00');
INSERT INTO public.tombstones VALUES ('20354340-cd3b-46a5-8804-b6209985d4bb', 'project', '2026-11-26 21:57:17.194105+00');
INSERT INTO public.tombstones VALUES ('790abb66-b041-4742-95e9-a546b4c27b40', 'dataset', '2026-11-26 21:57:18.081063+00');


--
-- Data for Name: uploads; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.uploads VALUES ('01a219dc-d291-7427-b80b-45fd9d7dfcc1', '01a219dc-c9e0-7683-949f-aabbbddc95ad', 'dc-clarad0a5b060/datasets/01a219dc-d291-7427-b80b-45fd9d7dfcc1/source.csv', 'ae5c9bed-49b4-499c-be4b-ee95b8250425', 'done', '2026-11-26 21:57:11.992935+00');
INSERT INTO public.uploads VALUES ('01a219dc-e0de-748e-9157-a9342de3b1e1', '01a219dc-c9e0-7683-949f-aabbbddc95ad', 'dc-clarad0a5b060/datasets/01a219dc-e0de-748e-9157-a9342de3b1e1/source.csv', '2836be51-673d-472f-9094-ea5b52aad40b', 'done', '2026-11-26 21:57:15.656189+00');
INSERT INTO public.uploads VALUES ('01a219dc-e874-757d-883b-a3e89ac1a4dc', '01a219dc-c9e0-7683-949f-aabbbddc95ad', 'dc-clarad0a5b060/datasets/01a219dc-e874-757d-883b-a3e89ac1a4dc/source.csv', '404cbd9a-f3dd-4afd-b4c6-1a83f4944548', 'done', '2026-11-26 21:57:17.576983+00');
INSERT INTO public.uploads VALUES ('01a219dc-eae3-7150-8f2c-4c2acf376e60', '01a219dc-c9e0-7683-949f-aabbbddc95ad', 'dc-clarad0a5b060/datasets/01a219dc-eae3-7150-8f2c-4c2acf376e60/source.csv', '4b7d324a-e2c6-4281-a01f-aef03a8811b1', 'done', '2026-11-26 21:57:18.223688+00');
INSERT INTO public.uploads VALUES ('01a219dc-ef6a-708c-aab6-2cf8ea0366fd', '01a219dc-ccf3-71ea-ba9f-36f13e6a03e0', 'dc-dorad505071f/datasets/01a219dc-ef6a-708c-aab6-2cf8ea0366fd/source.csv', 'e001bbd4-a12f-40a9-8d3d-ee1d267d5ad3', 'done', '2026-11-26 21:57:19.363185+00');


--
-- Data for Name: worker_cursors; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.worker_cursors VALUES ('01a219dc-cdd6-72ec-9351-3222642af755', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', 5, '2026-11-26 21:57:14.462384+00');
INSERT INTO public.worker_cursors VALUES ('01a219dc-cf4d-7530-86b1-d771748ad1b9', '01a219dc-d170-71ac-8b7a-b3bd62095cdb', 6, '2026-11-26 21:57:14.525722+00');
INSERT INTO public.worker_cursors VALUES ('01a219dc-cf4d-7530-86b1-d771748ad1b9', '01a219dc-eeb9-726b-bd5f-65a5e71d4313', 20, '2026-11-26 21:57:20.096223+00');


--
-- Name: answers_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.answers_id_seq', 4, true);


--
-- Name: approval_events_seq_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.approval_events_seq_seq', 2, true);


--
-- Name: audit_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.audit_id_seq', 18, true);


--
-- Name: events_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.events_id_seq', 50, true);


--
-- Name: leases_token_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.leases_token_seq', 7, true);


--
-- Name: outbox_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.outbox_id_seq', 4, true);


--
-- Name: points_ledger_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.points_ledger_id_seq', 2, true);


--
-- Name: reviews_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.reviews_id_seq', 2, true);


--
-- Name: task_batches_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.task_batches_id_seq', 8, true);


--
-- Name: task_queue_pos; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.task_queue_pos', 22, true);


--
-- Name: tasks_id_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.tasks_id_seq', 23, true);


--
-- Name: _sqlx_migrations _sqlx_migrations_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);


--
-- Name: answers answers_lease; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.answers
    ADD CONSTRAINT answers_lease UNIQUE (lease_token);


--
-- Name: answers answers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.answers
    ADD CONSTRAINT answers_pkey PRIMARY KEY (id);


--
-- Name: approval_events approval_events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.approval_events
    ADD CONSTRAINT approval_events_pkey PRIMARY KEY (seq);


--
-- Name: approval_events approval_events_revoked_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.approval_events
    ADD CONSTRAINT approval_events_revoked_once UNIQUE (revokes);


--
-- Name: audit audit_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);


--
-- Name: datasets datasets_identity; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.datasets
    ADD CONSTRAINT datasets_identity UNIQUE (tenant_id, namespace, name);


--
-- Name: datasets datasets_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.datasets
    ADD CONSTRAINT datasets_pkey PRIMARY KEY (id);


--
-- Name: events events_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.events
    ADD CONSTRAINT events_pkey PRIMARY KEY (id);


--
-- Name: exports exports_identity; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_identity UNIQUE (tenant_id, namespace, name);


--
-- Name: exports exports_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_pkey PRIMARY KEY (id);


--
-- Name: grants grants_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_pkey PRIMARY KEY (project_id, grant_id);


--
-- Name: idempotency_keys idempotency_keys_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (key);


--
-- Name: labeling_versions labeling_versions_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.labeling_versions
    ADD CONSTRAINT labeling_versions_pkey PRIMARY KEY (project_id, version);


--
-- Name: leases leases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_pkey PRIMARY KEY (task_id, user_id);


--
-- Name: lost_passes lost_passes_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lost_passes
    ADD CONSTRAINT lost_passes_pkey PRIMARY KEY (single);


--
-- Name: lost_resources lost_resources_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.lost_resources
    ADD CONSTRAINT lost_resources_pkey PRIMARY KEY (uid);


--
-- Name: outbox outbox_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (id);


--
-- Name: points_ledger points_ledger_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.points_ledger
    ADD CONSTRAINT points_ledger_once UNIQUE (approval_seq);


--
-- Name: points_ledger points_ledger_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.points_ledger
    ADD CONSTRAINT points_ledger_pkey PRIMARY KEY (id);


--
-- Name: project_workers project_workers_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.project_workers
    ADD CONSTRAINT project_workers_pkey PRIMARY KEY (project_id, user_id);


--
-- Name: projects projects_identity; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_identity UNIQUE (tenant_id, namespace, name);


--
-- Name: projects projects_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);


--
-- Name: review_leases review_leases_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.review_leases
    ADD CONSTRAINT review_leases_pkey PRIMARY KEY (answer_id, user_id);


--
-- Name: reviews reviews_once; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_once UNIQUE (answer_id, user_id);


--
-- Name: reviews reviews_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_pkey PRIMARY KEY (id);


--
-- Name: run_holds run_holds_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run_holds
    ADD CONSTRAINT run_holds_pkey PRIMARY KEY (target_id);


--
-- Name: runs runs_attempt; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_attempt UNIQUE (target_id, uid, attempt);


--
-- Name: runs runs_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (id);


--
-- Name: skips skips_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.skips
    ADD CONSTRAINT skips_pkey PRIMARY KEY (task_id, user_id);


--
-- Name: task_batches task_batches_ordinal; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.task_batches
    ADD CONSTRAINT task_batches_ordinal UNIQUE (dataset_id, ordinal);


--
-- Name: task_batches task_batches_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.task_batches
    ADD CONSTRAINT task_batches_pkey PRIMARY KEY (id);


--
-- Name: tasks tasks_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);


--
-- Name: tasks tasks_row; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_row UNIQUE (dataset_id, row_no);


--
-- Name: tenant_members tenant_members_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_pkey PRIMARY KEY (user_id);


--
-- Name: tenants tenants_home_namespace_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_home_namespace_key UNIQUE (home_namespace);


--
-- Name: tenants tenants_name_key; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_name_key UNIQUE (name);


--
-- Name: tenants tenants_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenants
    ADD CONSTRAINT tenants_pkey PRIMARY KEY (id);


--
-- Name: tombstones tombstones_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tombstones
    ADD CONSTRAINT tombstones_pkey PRIMARY KEY (uid);


--
-- Name: uploads uploads_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);


--
-- Name: worker_cursors worker_cursors_pkey; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.worker_cursors
    ADD CONSTRAINT worker_cursors_pkey PRIMARY KEY (user_id, project_id);


--
-- Name: answers_once; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX answers_once ON public.answers USING btree (task_id, user_id) WHERE (status <> ALL (ARRAY['withdrawn'::text, 'voided'::text]));


--
-- Name: answers_project; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX answers_project ON public.answers USING btree (project_id, user_id, id);


--
-- Name: answers_task; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX answers_task ON public.answers USING btree (task_id);


--
-- Name: answers_to_review; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX answers_to_review ON public.answers USING btree (project_id, id) WHERE (status = 'in_review'::text);


--
-- Name: answers_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX answers_user ON public.answers USING btree (user_id, id);


--
-- Name: approval_events_answer; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX approval_events_answer ON public.approval_events USING btree (answer_id, seq);


--
-- Name: approval_events_export; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX approval_events_export ON public.approval_events USING btree (project_id, task_id, seq);


--
-- Name: audit_by_action; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_by_action ON public.audit USING btree (action, id);


--
-- Name: audit_by_actor; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_by_actor ON public.audit USING btree (actor, id);


--
-- Name: audit_by_subject; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX audit_by_subject ON public.audit USING btree (subject, id);


--
-- Name: datasets_bound_uid; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX datasets_bound_uid ON public.datasets USING btree (bound_uid) WHERE (bound_uid IS NOT NULL);


--
-- Name: datasets_leaving; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX datasets_leaving ON public.datasets USING btree (id) WHERE ((bound_uid IS NULL) AND ((left_at IS NULL) OR (leave_from IS NOT NULL) OR removing));


--
-- Name: datasets_project; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX datasets_project ON public.datasets USING btree (project_id);


--
-- Name: datasets_recharge; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX datasets_recharge ON public.datasets USING btree (id) WHERE (recharge_from IS NOT NULL);


--
-- Name: datasets_requeue; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX datasets_requeue ON public.datasets USING btree (id) WHERE (requeue_from IS NOT NULL);


--
-- Name: exports_bound_uid; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX exports_bound_uid ON public.exports USING btree (bound_uid) WHERE (bound_uid IS NOT NULL);


--
-- Name: exports_dataset; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX exports_dataset ON public.exports USING btree (dataset_id);


--
-- Name: exports_project; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX exports_project ON public.exports USING btree (project_id, id);


--
-- Name: idempotency_keys_old; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX idempotency_keys_old ON public.idempotency_keys USING btree (created_at);


--
-- Name: leases_expiry; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leases_expiry ON public.leases USING btree (expires_at);


--
-- Name: leases_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX leases_user ON public.leases USING btree (user_id);


--
-- Name: outbox_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX outbox_open ON public.outbox USING btree (id) WHERE (done_at IS NULL);


--
-- Name: points_ledger_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX points_ledger_user ON public.points_ledger USING btree (user_id, id);


--
-- Name: projects_bound_uid; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX projects_bound_uid ON public.projects USING btree (bound_uid) WHERE (bound_uid IS NOT NULL);


--
-- Name: review_leases_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX review_leases_user ON public.review_leases USING btree (user_id);


--
-- Name: reviews_user; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX reviews_user ON public.reviews USING btree (user_id, id);


--
-- Name: run_holds_run; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX run_holds_run ON public.run_holds USING btree (run_id);


--
-- Name: tasks_batch; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tasks_batch ON public.tasks USING btree (batch_id);


--
-- Name: tasks_queue; Type: INDEX; Schema: public; Owner: -
--

CREATE UNIQUE INDEX tasks_queue ON public.tasks USING btree (project_id, lane, queue_pos) WHERE (queue_pos IS NOT NULL);


--
-- Name: tenant_members_tenant; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX tenant_members_tenant ON public.tenant_members USING btree (tenant_id);


--
-- Name: uploads_open; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX uploads_open ON public.uploads USING btree (created_at) WHERE (state = 'open'::text);


--
-- Name: worker_cursors_project; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX worker_cursors_project ON public.worker_cursors USING btree (project_id);


--
-- Name: audit audit_append_only; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.audit FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();


--
-- Name: answers answers_task_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.answers
    ADD CONSTRAINT answers_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;


--
-- Name: approval_events approval_events_answer_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.approval_events
    ADD CONSTRAINT approval_events_answer_id_fkey FOREIGN KEY (answer_id) REFERENCES public.answers(id) ON DELETE CASCADE;


--
-- Name: approval_events approval_events_revokes; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.approval_events
    ADD CONSTRAINT approval_events_revokes FOREIGN KEY (revokes) REFERENCES public.approval_events(seq) ON DELETE CASCADE;


--
-- Name: datasets datasets_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.datasets
    ADD CONSTRAINT datasets_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);


--
-- Name: datasets datasets_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.datasets
    ADD CONSTRAINT datasets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);


--
-- Name: exports exports_dataset_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.datasets(id) ON DELETE CASCADE;


--
-- Name: exports exports_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);


--
-- Name: exports exports_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);


--
-- Name: grants grants_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.grants
    ADD CONSTRAINT grants_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id) ON DELETE CASCADE;


--
-- Name: labeling_versions labeling_versions_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.labeling_versions
    ADD CONSTRAINT labeling_versions_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id) ON DELETE CASCADE;


--
-- Name: leases leases_task_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.leases
    ADD CONSTRAINT leases_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;


--
-- Name: project_workers project_workers_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.project_workers
    ADD CONSTRAINT project_workers_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id) ON DELETE CASCADE;


--
-- Name: projects projects_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);


--
-- Name: review_leases review_leases_answer_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.review_leases
    ADD CONSTRAINT review_leases_answer_id_fkey FOREIGN KEY (answer_id) REFERENCES public.answers(id) ON DELETE CASCADE;


--
-- Name: reviews reviews_answer_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_answer_id_fkey FOREIGN KEY (answer_id) REFERENCES public.answers(id) ON DELETE CASCADE;


--
-- Name: run_holds run_holds_run_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.run_holds
    ADD CONSTRAINT run_holds_run_id_fkey FOREIGN KEY (run_id) REFERENCES public.runs(id) ON DELETE CASCADE;


--
-- Name: skips skips_task_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.skips
    ADD CONSTRAINT skips_task_id_fkey FOREIGN KEY (task_id) REFERENCES public.tasks(id) ON DELETE CASCADE;


--
-- Name: task_batches task_batches_dataset_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.task_batches
    ADD CONSTRAINT task_batches_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.datasets(id) ON DELETE CASCADE;


--
-- Name: tasks tasks_batch_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.task_batches(id) ON DELETE CASCADE;


--
-- Name: tasks tasks_dataset_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_dataset_id_fkey FOREIGN KEY (dataset_id) REFERENCES public.datasets(id) ON DELETE CASCADE;


--
-- Name: tenant_members tenant_members_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.tenant_members
    ADD CONSTRAINT tenant_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);


--
-- Name: uploads uploads_tenant_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES public.tenants(id);


--
-- Name: worker_cursors worker_cursors_project_id_fkey; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.worker_cursors
    ADD CONSTRAINT worker_cursors_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id) ON DELETE CASCADE;


--
-- PostgreSQL database dump complete
--


