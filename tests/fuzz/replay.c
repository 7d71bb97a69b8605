/*
 * Runs a fuzz target over files, without libFuzzer: each file of a corpus once, in the checked
 * build.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define LONGEST (1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *all = malloc(LONGEST);

    if (file == NULL || all == NULL) {
        perror(path);
        return 1;
    }

    size_t len = fread(all, 1, LONGEST, file);
    /* Exactly as long as the input, so that the sanitizer sees a read past its end. */
    uint8_t *input = malloc(len > 0 ? len : 1);

    fclose(file);
    if (input == NULL)
        abort();
    for (size_t i = 0; i < len; i++)
        input[i] = all[i];
    free(all);
    LLVMFuzzerTestOneInput(input, len);
    free(input);
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        fprintf(stderr, "%s\n", argv[i]); /* the last one named is the one that crashed */
        if (replay(argv[i]) != 0)
            return 1;
    }
    return 0;
}
