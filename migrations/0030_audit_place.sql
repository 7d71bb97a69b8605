-- The daily anchor goes into a channel of the company's own as well: a place in a connection, chosen by an admin. What
-- became of the newest post stands in outbound, by its job.
CREATE TABLE audit_place (
    tenant_id     uuid PRIMARY KEY REFERENCES tenant,
    connection_id uuid NOT NULL,
    place         text NOT NULL CHECK (length(place) BETWEEN 1 AND 100),
    job_id        uuid,
    FOREIGN KEY (tenant_id, connection_id) REFERENCES connection
);
SELECT tenant_table('audit_place');
GRANT SELECT, INSERT, DELETE ON audit_place TO konstruct_web;
GRANT UPDATE (connection_id, place, job_id) ON audit_place TO konstruct_web;
GRANT SELECT ON audit_place TO konstruct_worker;
GRANT UPDATE (job_id) ON audit_place TO konstruct_worker;
GRANT SELECT (tenant_id, job_id, part_no, state, fault, created_at) ON outbound TO konstruct_web;
