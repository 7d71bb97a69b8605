-- The models that a key may use through /v1, by name, with blanks between; NULL: all.
ALTER TABLE api_key ADD COLUMN models text CHECK (length(models) BETWEEN 1 AND 2000);
GRANT UPDATE (models) ON api_key TO konstruct_web;
