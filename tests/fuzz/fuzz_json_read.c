/* The quick reader of JSON against jansson: what it takes, both read alike. */
#include <stdlib.h>

#include "base/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    json_t *quick = json_read((struct bytes){(const char *)data, len}, 32), *slow;

    if (quick == NULL)
        return 0;
    slow = json_loadb((const char *)data, len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_equal(quick, slow))
        abort();
    json_decref(quick);
    json_decref(slow);
    return 0;
}
