/* A 5 x 5 convolution over a grey image of floats. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    int width = argc > 1 ? atoi(argv[1]) : 2048, height = argc > 2 ? atoi(argv[2]) : 1024;
    float *in = malloc(sizeof(float) * width * height), *out = malloc(sizeof(float) * width * height);
    float kernel[25];
    for (int i = 0; i < 25; i++) kernel[i] = 1.0f / (1 + i);
    for (int i = 0; i < width * height; i++) in[i] = i % 251;
    for (int y = 2; y < height - 2; y++)
        for (int x = 2; x < width - 2; x++) {
            float sum = 0;
            for (int v = -2; v <= 2; v++)
                for (int u = -2; u <= 2; u++) sum += kernel[(v + 2) * 5 + u + 2] * in[(y + v) * width + x + u];
            out[y * width + x] = sum;
        }
    printf("%g\n", out[3 * width + 3]);
    return 0;
}
