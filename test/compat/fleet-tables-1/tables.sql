CREATE SCHEMA @SCHEMA@;
CREATE TABLE @SCHEMA@.base (
    version integer NOT NULL,
    model text,
    by_host text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    export bytea NOT NULL
);
CREATE TABLE @SCHEMA@.host (
    name text NOT NULL,
    home text NOT NULL,
    version text NOT NULL,
    slots integer NOT NULL,
    live integer DEFAULT 0 NOT NULL,
    base text,
    state text DEFAULT 'up'::text NOT NULL,
    seen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT host_state_check CHECK ((state = ANY (ARRAY['up'::text, 'draining'::text, 'gone'::text])))
);
CREATE TABLE @SCHEMA@.issue (
    ref text NOT NULL,
    host text NOT NULL,
    since timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    doc json
);
CREATE TABLE @SCHEMA@.meta (
    one boolean DEFAULT true NOT NULL,
    version integer NOT NULL,
    min_client integer NOT NULL,
    CONSTRAINT meta_one_check CHECK (one)
);
CREATE TABLE @SCHEMA@.notification (
    id text NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    host text,
    said text NOT NULL,
    kept boolean NOT NULL,
    read boolean DEFAULT false NOT NULL,
    doc json NOT NULL
);
ALTER TABLE @SCHEMA@.notification ALTER COLUMN seq ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME @SCHEMA@.notification_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE @SCHEMA@.task (
    id text NOT NULL COLLATE pg_catalog."C",
    type text NOT NULL,
    issue_ref text,
    state text NOT NULL,
    host text,
    run_id text,
    lease_until timestamp with time zone,
    finished_at timestamp with time zone,
    how text,
    wait_ms double precision,
    run_ms double precision,
    revision bigint DEFAULT 1 NOT NULL,
    changed_by text,
    stop_wanted boolean DEFAULT false NOT NULL,
    tail text,
    doc json NOT NULL
);
INSERT INTO @SCHEMA@.host VALUES ('b', 'h_frozen', '0.1.0 (2c9b50d80d)', 3, 0, NULL, 'up', '2026-01-01 00:00:00+00');
INSERT INTO @SCHEMA@.host VALUES ('a', 'h_frozen', '0.1.0 (2c9b50d80d)', 3, 1, NULL, 'draining', '2026-01-01 00:00:00+00');
INSERT INTO @SCHEMA@.issue VALUES ('forge.test/acme/demo#1', 'a', '2026-11-27 05:50:40.114423+00', NULL);
INSERT INTO @SCHEMA@.issue VALUES ('forge.test/acme/demo#2', 'a', '2026-11-27 05:50:41.022161+00', NULL);
INSERT INTO @SCHEMA@.meta VALUES (true, 1, 1);
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbuff293b', 1, '2026-11-27 05:50:39.819+00', NULL, '0dac86f2b9b228de65865c76609e2e748a5daf69bcbe02697ae8a2a092b3a479', false, false, '{"id":"n_0mwykbuff293b","timestamp":"2026-11-27T05:50:39+00:00","type":"task_queued","message":"hello","issue_ref":"forge.test/acme/demo#1","task":"q_0mwykbuffe4r26o4q","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbunpyzak', 2, '2026-11-27 05:50:40.117+00', NULL, '129ed3479fb624ca35183bfc96460dd0c74b3b5a87cef78d6519d1893b182245', false, false, '{"id":"n_0mwykbunpyzak","timestamp":"2026-11-27T05:50:40+00:00","type":"task_dequeued","message":"attempt 1: hello","issue_ref":"forge.test/acme/demo#1","task":"q_0mwykbuffe4r26o4q","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbuz8ok2q', 3, '2026-11-27 05:50:40.532+00', NULL, '22d4db9b88e36191443beae729f7bf787d578311e0f73453e8b6834b7fef1178', false, false, '{"id":"n_0mwykbuz8ok2q","timestamp":"2026-11-27T05:50:40+00:00","type":"task_started","message":"hello","issue_ref":"forge.test/acme/demo#1","task":"q_0mwykbuffe4r26o4q","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbv1nu8xy', 4, '2026-11-27 05:50:40.619+00', NULL, '25b700154fbfc13d54b6a7e517c0faf9f87b400aa6d759a3938b9afd31593d92', false, false, '{"id":"n_0mwykbv1nu8xy","timestamp":"2026-11-27T05:50:40+00:00","type":"task_completed","message":"You said: hello","issue_ref":"forge.test/acme/demo#1","task":"q_0mwykbuffe4r26o4q","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbv9gdzbf', 5, '2026-11-27 05:50:40.9+00', NULL, 'dac2fd2798fc65edfd0f8402a4cbdc700ccb63f0240ec741e4955a41e9063a19', false, false, '{"id":"n_0mwykbv9gdzbf","timestamp":"2026-11-27T05:50:40+00:00","type":"task_queued","message":"hello again","issue_ref":"forge.test/acme/demo#2","task":"q_0mwykbv9gvbv2bvn5","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbvcur4sb', 6, '2026-11-27 05:50:41.022+00', NULL, '04e72469e72f88a6af121486e2cba250afb8ee024900de88b2ec76c0058d236a', false, false, '{"id":"n_0mwykbvcur4sb","timestamp":"2026-11-27T05:50:41+00:00","type":"task_dequeued","message":"attempt 1: hello again","issue_ref":"forge.test/acme/demo#2","task":"q_0mwykbv9gvbv2bvn5","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbvo2mbs7', 7, '2026-11-27 05:50:41.426+00', NULL, '37d99f12b1d6b918987d326034d648aec06a895f920f31cd5fa88e55dd04feeb', false, false, '{"id":"n_0mwykbvo2mbs7","timestamp":"2026-11-27T05:50:41+00:00","type":"task_queued","message":"go on","issue_ref":"forge.test/acme/demo#1","task":"q_0mwykbvo2bc8erb92","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbvrvv9p3', 8, '2026-11-27 05:50:41.563+00', NULL, '4adb4563a6c4f7d037ac773b3d92d4998b0a625f87477a67de842b47e07bbaf4', false, false, '{"id":"n_0mwykbvrvv9p3","timestamp":"2026-11-27T05:50:41+00:00","type":"task_queued","message":"see to it","issue_ref":null,"task":"q_0mwykbvrvogoi41df","read":false}');
INSERT INTO @SCHEMA@.notification OVERRIDING SYSTEM VALUE VALUES ('n_0mwykbvxwk3lg', 9, '2026-11-27 05:50:41.78+00', NULL, '0bc10bba449443df2a1172f5eab52374bcc3c2446c3c316455d078db28666931', false, false, '{"id":"n_0mwykbvxwk3lg","timestamp":"2026-11-27T05:50:41+00:00","type":"task_started","message":"hello again","issue_ref":"forge.test/acme/demo#2","task":"q_0mwykbv9gvbv2bvn5","read":false}');
INSERT INTO @SCHEMA@.task VALUES ('q_0mwykbuffe4r26o4q', 'issue', 'forge.test/acme/demo#1', 'completed', NULL, 'r_0mwykbunj6mntplb0', NULL, '2026-11-27 05:50:40.619+00', 'ok', 293, 507, 3, 'gjYH9MUncISMyerQ', false, NULL, '{"id":"q_0mwykbuffe4r26o4q","type":"issue","issue_ref":"forge.test/acme/demo#1","message":"hello","state":"completed","created_at":"2026-11-27T05:50:39.819+00:00","finished_at":"2026-11-27T05:50:40.619+00:00","attempts":1,"next_attempt_at":null,"failure":null,"parent":null,"origin":null,"limit_reached":null,"run_id":"r_0mwykbunj6mntplb0","claimed_by":null,"run":null,"session_id":null,"children":[],"reply":"You said: hello","begun_at":"2026-11-27T05:50:40.112+00:00"}');
INSERT INTO @SCHEMA@.task VALUES ('q_0mwykbv9gvbv2bvn5', 'issue', 'forge.test/acme/demo#2', 'notified', 'a', 'r_0mwykbvcsr4vzbtp5', '2026-01-01 00:00:00+00', NULL, NULL, NULL, NULL, 2, 'pB5IM3pKnEBQEmKr', false, NULL, '{"id":"q_0mwykbv9gvbv2bvn5","type":"issue","issue_ref":"forge.test/acme/demo#2","message":"hello again","state":"notified","created_at":"2026-11-27T05:50:40.900+00:00","finished_at":null,"attempts":1,"next_attempt_at":null,"failure":null,"parent":null,"origin":null,"limit_reached":null,"run_id":"r_0mwykbvcsr4vzbtp5","claimed_by":{"pid":4046,"process_start":"2580458","boot_id":"78316f50-0a14-445c-a23d-3cd8d23429c6","machine":"vm","pid_namespace":"pid:[4026531836]","since":"2026-11-27T05:50:41.020Z","host":"a"},"run":null,"session_id":null,"children":[],"reply":null,"begun_at":"2026-11-27T05:50:41.020+00:00"}');
INSERT INTO @SCHEMA@.task VALUES ('q_0mwykbvo2bc8erb92', 'issue', 'forge.test/acme/demo#1', 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, false, NULL, '{"id":"q_0mwykbvo2bc8erb92","type":"issue","issue_ref":"forge.test/acme/demo#1","message":"go on","state":"pending","created_at":"2026-11-27T05:50:41.426+00:00","finished_at":null,"attempts":0,"next_attempt_at":null,"failure":null,"parent":null,"origin":null,"limit_reached":null,"run_id":null,"claimed_by":null,"run":null,"session_id":null,"children":[],"reply":null}');
INSERT INTO @SCHEMA@.task VALUES ('q_0mwykbvrvogoi41df', 'pm', NULL, 'pending', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL, false, NULL, '{"id":"q_0mwykbvrvogoi41df","type":"pm","issue_ref":null,"message":"see to it","state":"pending","created_at":"2026-11-27T05:50:41.563+00:00","finished_at":null,"attempts":0,"next_attempt_at":null,"failure":null,"parent":null,"origin":null,"limit_reached":null,"run_id":null,"claimed_by":null,"run":null,"session_id":null,"children":[],"reply":null}');
SELECT pg_catalog.setval('@SCHEMA@.notification_seq_seq', 9, true);
ALTER TABLE ONLY @SCHEMA@.base
    ADD CONSTRAINT base_pkey PRIMARY KEY (version);
ALTER TABLE ONLY @SCHEMA@.host
    ADD CONSTRAINT host_pkey PRIMARY KEY (name);
ALTER TABLE ONLY @SCHEMA@.issue
    ADD CONSTRAINT issue_pkey PRIMARY KEY (ref);
ALTER TABLE ONLY @SCHEMA@.meta
    ADD CONSTRAINT meta_pkey PRIMARY KEY (one);
ALTER TABLE ONLY @SCHEMA@.notification
    ADD CONSTRAINT notification_pkey PRIMARY KEY (id);
ALTER TABLE ONLY @SCHEMA@.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (id);
CREATE INDEX notification_newest ON @SCHEMA@.notification USING btree (at DESC, seq DESC);
CREATE INDEX notification_unread ON @SCHEMA@.notification USING btree (said) WHERE (NOT read);
CREATE INDEX task_finished ON @SCHEMA@.task USING btree (finished_at DESC, id DESC) WHERE (state = ANY (ARRAY['completed'::text, 'error'::text]));
CREATE UNIQUE INDEX task_one_agent_per_issue ON @SCHEMA@.task USING btree (issue_ref) WHERE ((type = 'issue'::text) AND (state = 'notified'::text));
CREATE INDEX task_open ON @SCHEMA@.task USING btree (id) WHERE (state = ANY (ARRAY['pending'::text, 'notified'::text]));
