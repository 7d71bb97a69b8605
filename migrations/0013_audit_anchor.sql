-- The daily anchor of the audit goes to the admins by mail, written by the worker. Which kinds of mail there are stands in
-- flow/mail_out.c; here is only what a kind looks like.
ALTER TABLE mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check CHECK (kind ~ '^[a-z_]{3,40}$');
GRANT INSERT ON mail TO konstruct_worker;
