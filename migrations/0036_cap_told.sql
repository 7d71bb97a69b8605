-- Caps are told of in three ways: by mail, in the portal, and in a channel of the company's own.

-- A place in a connection that something is posted to: the daily anchor of the audit, and now caps as well.
ALTER TABLE audit_place RENAME TO post_place;
ALTER TABLE post_place ADD COLUMN what text NOT NULL DEFAULT 'anchor' CHECK (what IN ('anchor', 'caps'));
ALTER TABLE post_place ALTER COLUMN what DROP DEFAULT;
ALTER TABLE post_place DROP CONSTRAINT audit_place_pkey;
ALTER TABLE post_place ADD PRIMARY KEY (tenant_id, what);

-- Up to where somebody has seen them in the portal.
CREATE TABLE cap_alert_seen (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    until     timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES membership ON DELETE CASCADE
);
SELECT tenant_table('cap_alert_seen');
GRANT SELECT, INSERT ON cap_alert_seen TO konstruct_web;
GRANT UPDATE (until) ON cap_alert_seen TO konstruct_web;

-- Told once a period for each limit that there was: who raises a cap hears again when the new one is reached.
DROP INDEX cap_alert_once;
CREATE UNIQUE INDEX cap_alert_once ON cap_alert (tenant_id, cap_id, starts, percent, limit_micros);

-- Whose cap it is stands in what is told of it.
GRANT SELECT (tenant_id, id, name) ON api_key TO konstruct_worker;
