/* Full-batch gradient descent on a 2-H-1 network, written for the compiler: what one core can do.
   usage: limit {xor,moons}   prints: seconds per step, then the last loss */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MOST_ROWS = 800, MOST_UNITS = 10 };

static float x[2][MOST_ROWS], y[MOST_ROWS];

static float logistic(float z) { return 1.0f / (1.0f + expf(-z)); }
static float between(float low, float high) { return low + (high - low) * rand() / (float)RAND_MAX; }

/* Inlined twice with constant sizes, so that the loops unroll and vectorise. Returns the last mean loss. */
static inline __attribute__((always_inline)) float
train(const int rows, const int units, const int is_relu, const long steps, const float rate)
{
    static float a[MOST_UNITS][MOST_ROWS], d[MOST_ROWS];
    float w[2][MOST_UNITS], b[MOST_UNITS], out[MOST_UNITS], out_bias = 0, loss = 0;
    for (int j = 0; j < units; j++) {
        w[0][j] = between(-1, 1), w[1][j] = between(-1, 1), out[j] = between(-1, 1), b[j] = 0;
    }
    for (long step = 0; step < steps; step++) {
        for (int i = 0; i < rows; i++) d[i] = out_bias;
        for (int j = 0; j < units; j++)
            for (int i = 0; i < rows; i++) {
                float z = x[0][i] * w[0][j] + x[1][i] * w[1][j] + b[j];
                a[j][i] = is_relu ? fmaxf(z, 0) : logistic(z);
                d[i] += a[j][i] * out[j];
            }
        float d_bias = 0;
        loss = 0;
        for (int i = 0; i < rows; i++) {
            float z = d[i];
            loss += fmaxf(z, 0) - z * y[i] + log1pf(expf(-fabsf(z)));
            d[i] = (logistic(z) - y[i]) / rows;
            d_bias += d[i];
        }
        loss /= rows;
        for (int j = 0; j < units; j++) {
            float d_out = 0, d_b = 0, d_w0 = 0, d_w1 = 0;
            for (int i = 0; i < rows; i++) {
                float h = a[j][i], back = d[i] * out[j] * (is_relu ? (h > 0) : h * (1 - h));
                d_out += h * d[i], d_b += back, d_w0 += x[0][i] * back, d_w1 += x[1][i] * back;
            }
            out[j] -= rate * d_out, b[j] -= rate * d_b, w[0][j] -= rate * d_w0, w[1][j] -= rate * d_w1;
        }
        out_bias -= rate * d_bias;
    }
    return loss;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

int main(int count, char **words)
{
    int is_moons = count > 1 && !strcmp(words[1], "moons");
    long steps = is_moons ? 2000 : 1000000;
    srand(1);
    for (int i = 0; i < MOST_ROWS; i++) {
        float angle = between(0, 3.14159265f), side = i % 2;
        y[i] = is_moons ? side : (i / 2 % 2) ^ (i % 2);
        x[0][i] = is_moons ? (side ? 1 - cosf(angle) : cosf(angle)) + between(-0.3f, 0.3f) : i / 2 % 2;
        x[1][i] = is_moons ? (side ? 0.5f - sinf(angle) : sinf(angle)) + between(-0.3f, 0.3f) : i % 2;
    }
    double start = seconds();
    float loss = is_moons ? train(800, 10, 1, steps, 0.1f) : train(4, 4, 0, steps, 0.5f);
    printf("%.9g %.6f\n", (seconds() - start) / steps, loss);
    return 0;
}
