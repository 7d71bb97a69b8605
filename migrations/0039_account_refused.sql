-- What only shows in use: a provider refused a call for the account's sake, because of its key or its credit.
ALTER TABLE provider_account ADD COLUMN refused_code text;
ALTER TABLE provider_account ADD COLUMN refused_at timestamptz;
GRANT SELECT (refused_code, refused_at) ON provider_account TO konstruct_web;
GRANT UPDATE (refused_code, refused_at) ON provider_account TO konstruct_web, konstruct_worker;
