-- What `konstruct prove isolation` has found, kept by the command for whoever wants to read it: it speaks of the program and
-- its schema and holds nothing of any tenant, so it is the same for all.
CREATE TABLE proof (
    made_at    timestamptz PRIMARY KEY,
    proven     boolean NOT NULL,
    postgresql text NOT NULL,
    tables     integer NOT NULL,
    routes     integer NOT NULL,
    holes      integer NOT NULL,
    report     text NOT NULL,
    page       text NOT NULL
);
GRANT SELECT ON proof TO konstruct_web;
