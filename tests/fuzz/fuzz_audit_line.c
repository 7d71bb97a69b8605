/* Lines of an audit export: what is taken is what the writer would have written, byte for byte. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "core/audit_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ctx *c = ctx_new(MIB(8), NULL);
    struct buf out = buf_new(c->mem, MIB(2));
    struct bytes line = {text_copy(c->mem, (const char *)data, len), len}, tenant_id;
    struct audit_entry_text entry;
    struct audit_head_text head;

    if (audit_read_header(line, &tenant_id))
        audit_line_header(&out, text_copy(c->mem, tenant_id.data, tenant_id.len));
    else if (audit_read_entry(line, arena_take(c->mem, AUDIT_LINE_MAX), &entry))
        audit_line_entry(&out, &entry);
    else if (audit_read_head(line, &head))
        audit_line_head(&out, &head);
    if (out.len > 0)
        assert(out.len == len + 1 && memcmp(out.data, line.data, len) == 0);
    ctx_end(c);
    return 0;
}
