-- What a company says of the models of an account: what they cost it, and what they can do. A name ending in * stands for all
-- that begin so. Money is in micro-dollars per million tokens, as in `price`; what is NULL nobody said.
CREATE TABLE provider_account_model (
    tenant_id          uuid NOT NULL REFERENCES tenant,
    id                 uuid NOT NULL,
    account_id         uuid NOT NULL,
    name               text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    input_micros       bigint CHECK (input_micros BETWEEN 0 AND 10000000000),
    cached_micros      bigint CHECK (cached_micros BETWEEN 0 AND 10000000000),
    cache_write_micros bigint CHECK (cache_write_micros BETWEEN 0 AND 10000000000),
    output_micros      bigint CHECK (output_micros BETWEEN 0 AND 10000000000),
    -- the day on which this price was said
    price_from         date,
    tools              boolean,
    images             boolean,
    -- what it is taken for where nobody names a model
    size               text CHECK (size IN ('small', 'usual', 'large', 'embeds')),
    -- tokens of question and answer together, and of an answer alone
    context            bigint CHECK (context BETWEEN 1 AND 100000000),
    answer             bigint CHECK (answer BETWEEN 1 AND 100000000),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, account_id, name),
    FOREIGN KEY (tenant_id, account_id) REFERENCES provider_account ON DELETE CASCADE,
    -- A price is whole: without one of the two a call could not be held against a cap.
    CHECK ((input_micros IS NULL) = (output_micros IS NULL) AND (input_micros IS NULL) = (price_from IS NULL)),
    CHECK (input_micros IS NOT NULL OR coalesce(cached_micros, cache_write_micros) IS NULL)
);
SELECT tenant_table('provider_account_model');
GRANT SELECT, INSERT, DELETE ON provider_account_model TO konstruct_web;
GRANT UPDATE (input_micros, cached_micros, cache_write_micros, output_micros, price_from, tools, images, size, context, answer)
    ON provider_account_model TO konstruct_web;
GRANT SELECT ON provider_account_model TO konstruct_worker;

-- Whose price a call was counted at: the company's own, or the one in `price`.
ALTER TABLE usage ADD COLUMN price_own boolean NOT NULL DEFAULT false;
