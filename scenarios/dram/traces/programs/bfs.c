/* Breadth-first search over a random graph in compressed rows. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 42;
static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)((state >> 33) % below);
}

int main(int argc, char **argv) {
    uint32_t nodes = argc > 1 ? atoi(argv[1]) : 100000, degree = 8;
    uint32_t *edges = malloc(sizeof(uint32_t) * nodes * degree);
    int32_t *level = malloc(sizeof(int32_t) * nodes);
    uint32_t *queue = malloc(sizeof(uint32_t) * nodes);
    for (uint32_t i = 0; i < nodes * degree; i++) edges[i] = draw(nodes);
    for (uint32_t i = 0; i < nodes; i++) level[i] = -1;
    uint32_t head = 0, tail = 0;
    queue[tail++] = 0;
    level[0] = 0;
    while (head < tail) {
        uint32_t u = queue[head++];
        for (uint32_t e = u * degree; e < (u + 1) * degree; e++)
            if (level[edges[e]] < 0) {
                level[edges[e]] = level[u] + 1;
                queue[tail++] = edges[e];
            }
    }
    printf("%u reached\n", tail);
    return 0;
}
