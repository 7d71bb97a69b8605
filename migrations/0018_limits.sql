-- Messages that a limit refused: kept like all others, with the limit's name, and answered with a sentence at most once a
-- minute in each conversation.
ALTER TABLE inbound ADD COLUMN refused_by text CHECK (length(refused_by) BETWEEN 1 AND 60);

-- When a conversation was last told so. No reference: its first message may be one that was refused.
CREATE TABLE refusal_told (
    tenant_id       uuid NOT NULL REFERENCES tenant,
    conversation_id uuid NOT NULL,
    told_at         timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, conversation_id)
);
SELECT tenant_table('refusal_told');
GRANT SELECT, INSERT, UPDATE (told_at) ON refusal_told TO konstruct_web;
