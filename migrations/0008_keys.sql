-- Rotation of keys: a tenant's older keys stay for a while after everything was sealed anew, for
-- whoever has just read a token.
ALTER TABLE tenant_key ADD COLUMN retired_at timestamptz;
GRANT UPDATE (private_sealed, retired_at) ON tenant_key TO konstruct_worker;
GRANT DELETE ON tenant_key TO konstruct_worker;
