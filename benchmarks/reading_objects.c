/* What memory takes of a dump of many objects: nanoseconds for each of n objects that lie side by side, as fresh ones
 * do, and are found by a list of their addresses. Of each an int's head and digit are read and five bytes are written, or a
 * string's head and text, eleven bytes are written, and its address is noted, as for a memo. Nothing else is done, and all
 * memory was written to before; the least of some runs.
 *
 *     cc -O2 reading_objects.c -o reading_objects && ./reading_objects
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Bytes that the interpreter gives an int of one digit, and a string of up to fifteen characters. */
enum { INT = 32, STRING = 64 };

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static char *memory(size_t size)
{
    char *block = malloc(size);
    if (!block) {
        fprintf(stderr, "no memory\n");
        exit(1);
    }
    return memset(block, 1, size);
}

static double measure(size_t n, size_t size)
{
    char *objects = memory(n * size), *out = memory(n * 11 + 16);
    char **list = (char **)memory(n * sizeof *list), **noted = (char **)memory(n * sizeof *noted);
    for (size_t i = 0; i < n; i++) {
        list[i] = objects + i * size;
        *(uint64_t *)(list[i] + 16) = 8;
    }
    double least = 1e18;
    for (size_t run = 0; run < 5 + 1000000 / n; run++) {
        double begun = now();
        char *to = out;
        for (size_t i = 0; i < n; i++) {
            char *object = list[i];
            uint64_t length = *(uint64_t *)(object + 16);
            if (size == INT) {
                *to = (char)length;
                memcpy(to + 1, object + 24, 4);
                to += 5;
            } else {
                to[0] = (char)length;
                memcpy(to + 2, object + 48, 8);
                to[2 + length] = 1;
                to += 3 + length;
                noted[i] = object;
            }
        }
        double took = now() - begun;
        least = took < least ? took : least;
    }
    free(objects), free(out), free(list), free(noted);
    return least / n;
}

int main(void)
{
    for (size_t n = 10000; n <= 10000000; n *= 10) {
        printf("%9zu: an int %.2f ns, a string %.2f ns\n", n, measure(n, INT), measure(n, STRING));
    }
}
