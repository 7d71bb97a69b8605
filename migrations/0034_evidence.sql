-- Behind each answer stands the job that gave it: its steps say what was asked of whom, and the ledger what that cost.
ALTER TABLE message ADD COLUMN job_id uuid;
GRANT SELECT (tenant_id, job_id, step_no, kind, result, created_at) ON step TO konstruct_web;
