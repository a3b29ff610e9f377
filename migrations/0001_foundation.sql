-- The first schema. Portable text: docs/schema.md says what each engine makes of it.
-- Instants end in _us (microseconds UTC), durations in _ms or _s, days are 'YYYY-MM-DD' in the
-- company's zone, booleans are 0 or 1, ids are 36 characters.

-- Directory: what people configure.

CREATE TABLE installation (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE company (
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    country TEXT NOT NULL,
    calling_code TEXT NOT NULL,
    zone TEXT NOT NULL,
    currency TEXT NOT NULL,
    language TEXT NOT NULL,
    reference_key BIGINT NOT NULL,
    reference_next BIGINT NOT NULL DEFAULT 1,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE calendar (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (company_id, key)
);

CREATE TABLE flow (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (company_id, key)
);

CREATE TABLE flow_version (
    flow_id TEXT NOT NULL REFERENCES flow (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    published_at_us BIGINT,
    published_by TEXT,
    PRIMARY KEY (flow_id, version)
);

CREATE TABLE line (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    dialled TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    flow_id TEXT NOT NULL REFERENCES flow (id),
    calendar_id TEXT REFERENCES calendar (id),
    language TEXT NOT NULL,
    is_recorded BIGINT NOT NULL DEFAULT 1
);

CREATE TABLE trunk (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    cidrs TEXT NOT NULL,
    username TEXT,
    realm TEXT,
    ha1_md5 TEXT,
    ha1_sha256 TEXT,
    is_enabled BIGINT NOT NULL DEFAULT 1,
    UNIQUE (company_id, name)
);

CREATE TABLE queue (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    ring_time_s BIGINT NOT NULL DEFAULT 20,
    wrap_up_s BIGINT NOT NULL DEFAULT 60,
    calendar_id TEXT REFERENCES calendar (id),
    UNIQUE (company_id, key)
);

CREATE TABLE team (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name TEXT NOT NULL,
    UNIQUE (company_id, key)
);

-- The login is one for the whole installation: who signs in does not name a company.
CREATE TABLE app_user (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    login TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('agent', 'supervisor', 'administrator')),
    password_hash TEXT NOT NULL,
    language TEXT NOT NULL,
    is_active BIGINT NOT NULL DEFAULT 1,
    failed_logins BIGINT NOT NULL DEFAULT 0,
    locked_until_us BIGINT NOT NULL DEFAULT 0,
    created_at_us BIGINT NOT NULL
);

CREATE TABLE agent (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL UNIQUE REFERENCES app_user (id) ON DELETE CASCADE,
    team_id TEXT REFERENCES team (id)
);

CREATE TABLE agent_queue (
    agent_id TEXT NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    queue_id TEXT NOT NULL REFERENCES queue (id) ON DELETE CASCADE,
    company_id TEXT NOT NULL,
    PRIMARY KEY (agent_id, queue_id)
);

CREATE TABLE phone (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    agent_id TEXT REFERENCES agent (id) ON DELETE SET NULL,
    username TEXT NOT NULL,
    realm TEXT NOT NULL,
    ha1_md5 TEXT NOT NULL,
    ha1_sha256 TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    UNIQUE (realm, username)
);

CREATE TABLE not_ready_reason (
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name_es TEXT NOT NULL,
    name_en TEXT NOT NULL,
    position BIGINT NOT NULL,
    is_active BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (company_id, key)
);

CREATE TABLE disposition_topic (
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name_es TEXT NOT NULL,
    name_en TEXT NOT NULL,
    position BIGINT NOT NULL,
    is_active BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (company_id, key)
);

CREATE TABLE disposition_outcome (
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    key TEXT NOT NULL,
    name_es TEXT NOT NULL,
    name_en TEXT NOT NULL,
    position BIGINT NOT NULL,
    closes_case BIGINT NOT NULL DEFAULT 0,
    is_active BIGINT NOT NULL DEFAULT 1,
    PRIMARY KEY (company_id, key)
);

-- What the connector "directory" answers from: a copy of the company's own system, with its age.

CREATE TABLE directory_account (
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    customer_id TEXT NOT NULL,
    number TEXT NOT NULL,
    product TEXT NOT NULL,
    balance_cents BIGINT NOT NULL,
    currency TEXT NOT NULL,
    due_on TEXT,
    status TEXT NOT NULL,
    as_of_us BIGINT NOT NULL,
    PRIMARY KEY (company_id, number)
);
CREATE INDEX directory_account_by_customer ON directory_account (company_id, customer_id);

CREATE TABLE directory_order (
    company_id TEXT NOT NULL REFERENCES company (id) ON DELETE CASCADE,
    customer_id TEXT NOT NULL,
    number TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    ordered_on TEXT NOT NULL,
    expected_on TEXT,
    as_of_us BIGINT NOT NULL,
    PRIMARY KEY (company_id, number)
);
CREATE INDEX directory_order_by_customer ON directory_order (company_id, customer_id);

-- The journal and what is live.

CREATE TABLE event (
    seq BIGINT PRIMARY KEY,
    at_us BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    type TEXT NOT NULL,
    contact_id TEXT,
    case_id TEXT,
    customer_id TEXT,
    agent_id TEXT,
    queue_id TEXT,
    data TEXT NOT NULL
);
CREATE INDEX event_by_company ON event (company_id, seq);
CREATE INDEX event_by_contact ON event (contact_id, seq) WHERE contact_id IS NOT NULL;
CREATE INDEX event_by_case ON event (case_id, seq) WHERE case_id IS NOT NULL;
CREATE INDEX event_by_customer ON event (customer_id, seq) WHERE customer_id IS NOT NULL;

CREATE TABLE live_contact (
    contact_id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    blob TEXT NOT NULL
);

CREATE TABLE live_state (
    name TEXT PRIMARY KEY,
    blob TEXT NOT NULL
);

-- Projections: written only from events. No foreign keys, because the journal is never refused.

CREATE TABLE customer (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    document_id TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT '',
    language TEXT NOT NULL DEFAULT '',
    born_on TEXT NOT NULL DEFAULT '',
    notes TEXT NOT NULL DEFAULT '',
    search_key TEXT NOT NULL DEFAULT '',
    version BIGINT NOT NULL DEFAULT 1,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL
);
CREATE INDEX customer_by_name ON customer (company_id, search_key);
CREATE INDEX customer_by_document ON customer (company_id, document_id);

CREATE TABLE contact_point (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    label TEXT NOT NULL DEFAULT '',
    evidence TEXT NOT NULL DEFAULT '',
    added_at_us BIGINT NOT NULL
);
CREATE INDEX contact_point_by_value ON contact_point (company_id, kind, value);
CREATE INDEX contact_point_by_customer ON contact_point (customer_id);

CREATE TABLE contact (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    line_id TEXT NOT NULL DEFAULT '',
    caller TEXT NOT NULL DEFAULT '',
    dialled TEXT NOT NULL DEFAULT '',
    flow TEXT NOT NULL DEFAULT '',
    flow_version BIGINT NOT NULL DEFAULT 0,
    language TEXT NOT NULL DEFAULT '',
    customer_id TEXT,
    case_id TEXT,
    queue_id TEXT,
    agent_id TEXT,
    state TEXT NOT NULL,
    state_since_us BIGINT NOT NULL,
    menu_node TEXT NOT NULL DEFAULT '',
    arrived_at_us BIGINT NOT NULL,
    queued_at_us BIGINT,
    connected_at_us BIGINT,
    ended_at_us BIGINT,
    outcome TEXT,
    ended_by TEXT,
    duration_ms BIGINT NOT NULL DEFAULT 0,
    wait_ms BIGINT NOT NULL DEFAULT 0,
    ring_ms BIGINT NOT NULL DEFAULT 0,
    talk_ms BIGINT NOT NULL DEFAULT 0,
    hold_ms BIGINT NOT NULL DEFAULT 0,
    offers BIGINT NOT NULL DEFAULT 0,
    transfers BIGINT NOT NULL DEFAULT 0,
    reasks BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX contact_by_arrival ON contact (company_id, arrived_at_us);
CREATE INDEX contact_by_customer ON contact (customer_id, arrived_at_us) WHERE customer_id IS NOT NULL;
CREATE INDEX contact_by_caller ON contact (company_id, caller, arrived_at_us);

-- Every case a contact was about, not only the last.
CREATE TABLE case_contact (
    case_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    company_id TEXT NOT NULL,
    linked_at_us BIGINT NOT NULL,
    PRIMARY KEY (case_id, contact_id)
);
CREATE INDEX case_contact_by_contact ON case_contact (contact_id);

CREATE TABLE case_file (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    reference TEXT NOT NULL,
    kind TEXT NOT NULL DEFAULT '',
    topic TEXT NOT NULL DEFAULT '',
    subject TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    customer_id TEXT,
    opened_by TEXT NOT NULL DEFAULT '',
    opened_at_us BIGINT NOT NULL,
    opened_in TEXT,
    caller TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL DEFAULT '',
    next_step TEXT NOT NULL DEFAULT '',
    due TEXT NOT NULL DEFAULT '',
    outcome TEXT NOT NULL DEFAULT '',
    closed_at_us BIGINT,
    updated_at_us BIGINT NOT NULL,
    contacts BIGINT NOT NULL DEFAULT 0,
    times_spoken BIGINT NOT NULL DEFAULT 0,
    UNIQUE (company_id, reference)
);
CREATE INDEX case_file_by_customer ON case_file (customer_id, opened_at_us) WHERE customer_id IS NOT NULL;
CREATE INDEX case_file_by_update ON case_file (company_id, status, updated_at_us);
-- What is open for a number that tells nobody's name: asked by every call, so never a scan.
CREATE INDEX case_file_by_caller ON case_file (company_id, caller, updated_at_us) WHERE customer_id IS NULL;

CREATE TABLE case_note (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    case_id TEXT NOT NULL,
    contact_id TEXT,
    agent_id TEXT,
    version BIGINT NOT NULL,
    text TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    updated_at_us BIGINT NOT NULL
);
CREATE INDEX case_note_by_case ON case_note (case_id, created_at_us);
CREATE INDEX case_note_by_contact ON case_note (contact_id) WHERE contact_id IS NOT NULL;

-- Every disposition recorded; the last of a contact and agent is the one in force.
CREATE TABLE disposition (
    seq BIGINT PRIMARY KEY,
    company_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    case_id TEXT,
    agent_id TEXT,
    topic TEXT NOT NULL,
    outcome TEXT NOT NULL,
    next_step TEXT NOT NULL,
    owner TEXT NOT NULL,
    due TEXT NOT NULL,
    recorded_at_us BIGINT NOT NULL
);
CREATE INDEX disposition_by_contact ON disposition (contact_id, seq);
CREATE INDEX disposition_by_case ON disposition (case_id, seq) WHERE case_id IS NOT NULL;

CREATE TABLE recording (
    id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    contact_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    path TEXT NOT NULL,
    state TEXT NOT NULL,
    started_at_us BIGINT NOT NULL,
    ended_at_us BIGINT,
    duration_ms BIGINT NOT NULL DEFAULT 0,
    bytes BIGINT NOT NULL DEFAULT 0,
    sha256 TEXT NOT NULL DEFAULT '',
    is_complete BIGINT NOT NULL DEFAULT 0,
    pauses BIGINT NOT NULL DEFAULT 0,
    paused_ms BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX recording_by_contact ON recording (contact_id);
CREATE INDEX recording_by_start ON recording (company_id, started_at_us);

CREATE TABLE agent_state (
    agent_id TEXT PRIMARY KEY,
    company_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    since_us BIGINT NOT NULL,
    until TEXT NOT NULL DEFAULT '',
    contact_id TEXT
);

CREATE TABLE agent_state_log (
    seq BIGINT PRIMARY KEY,
    company_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    contact_id TEXT,
    started_at_us BIGINT NOT NULL,
    ended_at_us BIGINT
);
CREATE INDEX agent_state_log_by_agent ON agent_state_log (agent_id, started_at_us);
CREATE INDEX agent_state_log_open ON agent_state_log (agent_id) WHERE ended_at_us IS NULL;

-- Counters by day. An event counts on the day it happened; an interval on the day it ended.
CREATE TABLE queue_day (
    company_id TEXT NOT NULL,
    queue_id TEXT NOT NULL,
    day TEXT NOT NULL,
    offered BIGINT NOT NULL DEFAULT 0,
    answered BIGINT NOT NULL DEFAULT 0,
    answered_20s BIGINT NOT NULL DEFAULT 0,
    abandoned BIGINT NOT NULL DEFAULT 0,
    left_otherwise BIGINT NOT NULL DEFAULT 0,
    answered_wait_ms BIGINT NOT NULL DEFAULT 0,
    abandoned_wait_ms BIGINT NOT NULL DEFAULT 0,
    longest_wait_ms BIGINT NOT NULL DEFAULT 0,
    talk_ms BIGINT NOT NULL DEFAULT 0,
    hold_ms BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, queue_id, day)
);

CREATE TABLE agent_day (
    company_id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    day TEXT NOT NULL,
    offers BIGINT NOT NULL DEFAULT 0,
    answered BIGINT NOT NULL DEFAULT 0,
    missed BIGINT NOT NULL DEFAULT 0,
    declined BIGINT NOT NULL DEFAULT 0,
    talk_ms BIGINT NOT NULL DEFAULT 0,
    hold_ms BIGINT NOT NULL DEFAULT 0,
    ready_ms BIGINT NOT NULL DEFAULT 0,
    not_ready_ms BIGINT NOT NULL DEFAULT 0,
    offered_ms BIGINT NOT NULL DEFAULT 0,
    talking_ms BIGINT NOT NULL DEFAULT 0,
    wrap_up_ms BIGINT NOT NULL DEFAULT 0,
    dispositions BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, agent_id, day)
);

CREATE TABLE line_day (
    company_id TEXT NOT NULL,
    line_id TEXT NOT NULL,
    day TEXT NOT NULL,
    arrived BIGINT NOT NULL DEFAULT 0,
    served BIGINT NOT NULL DEFAULT 0,
    self_served BIGINT NOT NULL DEFAULT 0,
    abandoned_menu BIGINT NOT NULL DEFAULT 0,
    abandoned_queue BIGINT NOT NULL DEFAULT 0,
    voicemail BIGINT NOT NULL DEFAULT 0,
    refused BIGINT NOT NULL DEFAULT 0,
    fault BIGINT NOT NULL DEFAULT 0,
    reasks BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (company_id, line_id, day)
);

-- Sign-in and the API.

CREATE TABLE session (
    token_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES app_user (id) ON DELETE CASCADE,
    company_id TEXT NOT NULL,
    csrf_token TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    last_seen_us BIGINT NOT NULL,
    expires_at_us BIGINT NOT NULL
);
CREATE INDEX session_by_user ON session (user_id);
CREATE INDEX session_by_expiry ON session (expires_at_us);

CREATE TABLE idempotency_key (
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    company_id TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status BIGINT NOT NULL,
    response TEXT NOT NULL,
    created_at_us BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);
CREATE INDEX idempotency_key_by_age ON idempotency_key (created_at_us);
