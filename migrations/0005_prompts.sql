-- The company's prompt library and the music of its queues. Projections: written only from events.

-- The sound itself is <prompts folder>/library/<company>/<sha256>.wav. Music has language 'none'.
CREATE TABLE prompt (
    company_id TEXT NOT NULL,
    language TEXT NOT NULL,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    level_before_dbfs BIGINT NOT NULL,
    level_after_dbfs BIGINT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_at_us BIGINT NOT NULL,
    PRIMARY KEY (company_id, language, name)
);

-- Played in order of position, then from the first again. A queue without rows has the default.
CREATE TABLE queue_music (
    queue_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    company_id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (company_id, queue_id, position)
);
CREATE INDEX queue_music_by_prompt ON queue_music (company_id, name);
