"""Training of small convolutional networks on one core, for maps of at most 4 x 4 places.

A network is a list of operations (``measured_networks.py``).  A map of c channels and s x s places lies as
[c][s + 2][s + 2][BATCH] with a border of zeros, so that one row of places is one vector and a 3 x 3
convolution is nine shifted products.  Values that convolutions read (``maps``) and those that they write
(``sums``) are apart.
"""

from __future__ import annotations

import numba
import numpy as np

BATCH = 32
CONV, NORM, POOL, ADD, UP, MEAN, LINEAR = range(7)
KIND, SOURCE, TARGET, INPUTS, OUTPUTS, SIZE, WEIGHTS, OTHER = range(8)  # columns of an operation
EPSILON, MOMENTUM, BETA2 = 1e-5, 0.1, 0.999
CENTRE = 4  # of nine taps
fast = numba.njit(cache=True, fastmath=True, nogil=True, error_model="numpy")


@fast
def _conv(x, x0, y, y0, w, inputs, outputs, s):
    """Add to y (outputs, s, s) the 3 x 3 convolution of x with w (outputs, inputs, 9)."""
    wide, n = (s + 2) * BATCH, s * BATCH
    area = (s + 2) * wide
    for k in range(outputs):
        for r in range(s):
            start = y0 + k * area + (r + 1) * wide + BATCH
            out = y[start : start + n]
            for c in range(inputs):
                t = w[9 * (k * inputs + c) : 9 * (k * inputs + c) + 9]
                a, b, d, e, f, g, h, i, m = t[0], t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8]
                start = x0 + c * area + r * wide
                top = x[start : start + wide]
                middle = x[start + wide : start + 2 * wide]
                bottom = x[start + 2 * wide : start + 3 * wide]
                if r == 0:  # rows of the border are 0
                    for j in range(n):
                        out[j] += (
                            e * middle[j] + f * middle[j + BATCH] + g * middle[j + 2 * BATCH]
                            + h * bottom[j] + i * bottom[j + BATCH] + m * bottom[j + 2 * BATCH]
                        )  # fmt: skip
                elif r == s - 1:
                    for j in range(n):
                        out[j] += (
                            a * top[j] + b * top[j + BATCH] + d * top[j + 2 * BATCH]
                            + e * middle[j] + f * middle[j + BATCH] + g * middle[j + 2 * BATCH]
                        )  # fmt: skip
                else:
                    for j in range(n):
                        out[j] += (
                            a * top[j] + b * top[j + BATCH] + d * top[j + 2 * BATCH]
                            + e * middle[j] + f * middle[j + BATCH] + g * middle[j + 2 * BATCH]
                            + h * bottom[j] + i * bottom[j + BATCH] + m * bottom[j + 2 * BATCH]
                        )  # fmt: skip


@fast
def _conv_weights(x, x0, dy, y0, dw, inputs, outputs, s):
    """Add to dw (outputs, inputs, 9) the gradient of a 3 x 3 convolution's weights."""
    wide, n = (s + 2) * BATCH, s * BATCH
    area = (s + 2) * wide
    for k in range(outputs):
        for c in range(inputs):
            t = dw[9 * (k * inputs + c) : 9 * (k * inputs + c) + 9]
            for r in range(s):
                start = y0 + k * area + (r + 1) * wide + BATCH
                out = dy[start : start + n]
                for tap in range(1 if r == 0 else 0, 2 if r == s - 1 else 3):
                    start = x0 + c * area + (r + tap) * wide
                    row = x[start : start + wide]
                    left, centre, right = np.float32(0), np.float32(0), np.float32(0)
                    for j in range(n):
                        left += out[j] * row[j]
                        centre += out[j] * row[j + BATCH]
                        right += out[j] * row[j + 2 * BATCH]
                    t[3 * tap] += left
                    t[3 * tap + 1] += centre
                    t[3 * tap + 2] += right


@fast
def _product(x, x0, y, y0, w, first, step, inputs, outputs, s):
    """Add to y (outputs, s, s) the product of every place of x with w[first + step * (k * inputs + c)]."""
    wide, n = (s + 2) * BATCH, s * BATCH
    area = (s + 2) * wide
    for k in range(outputs):
        for r in range(1, s + 1):
            at = r * wide + BATCH
            out = y[y0 + k * area + at : y0 + k * area + at + n]
            for c in range(inputs):
                v = w[first + step * (k * inputs + c)]
                row = x[x0 + c * area + at : x0 + c * area + at + n]
                for j in range(n):
                    out[j] += v * row[j]


@fast
def _product_back(x, dx, x0, dy, y0, w, dw, first, step, inputs, outputs, s):
    """Add to dx and dw the gradients of :func:`_product`."""
    wide, n = (s + 2) * BATCH, s * BATCH
    area = (s + 2) * wide
    for k in range(outputs):
        for r in range(1, s + 1):
            at = r * wide + BATCH
            out = dy[y0 + k * area + at : y0 + k * area + at + n]
            for c in range(inputs):
                place = first + step * (k * inputs + c)
                v, total = w[place], np.float32(0)
                row = x[x0 + c * area + at : x0 + c * area + at + n]
                back = dx[x0 + c * area + at : x0 + c * area + at + n]
                for j in range(n):
                    back[j] += v * out[j]
                    total += out[j] * row[j]
                dw[place] += total


@fast
def _norm(z, z0, x, x0, p, at, running, stat, saved, channels, s, training):
    """Normalise every channel by its batch (or by running figures), scale, shift and cut below 0."""
    wide, n = (s + 2) * BATCH, s * BATCH
    area = (s + 2) * wide
    count = s * n
    for k in range(channels):
        if training:
            total, squares = 0.0, 0.0
            for r in range(1, s + 1):
                start = z0 + k * area + r * wide + BATCH
                row = z[start : start + n]
                for j in range(n):
                    total += row[j]
            mean = total / count
            for r in range(1, s + 1):
                start = z0 + k * area + r * wide + BATCH
                row = z[start : start + n]
                for j in range(n):
                    squares += (row[j] - mean) * (row[j] - mean)
            variance = squares / count
            running[stat + k] += MOMENTUM * (mean - running[stat + k])
            unbiased = squares / (count - 1)
            running[stat + channels + k] += MOMENTUM * (unbiased - running[stat + channels + k])
        else:
            mean, variance = running[stat + k], running[stat + channels + k]
        inverse = 1 / np.sqrt(variance + EPSILON)
        saved[stat + k], saved[stat + channels + k] = mean, inverse
        scale = np.float32(p[at + k] * inverse)
        shift = np.float32(p[at + channels + k] - p[at + k] * inverse * mean)
        for r in range(1, s + 1):
            start = r * wide + BATCH + k * area
            row, out = z[z0 + start : z0 + start + n], x[x0 + start : x0 + start + n]
            for j in range(n):
                out[j] = max(row[j] * scale + shift, np.float32(0))


@fast
def _norm_back(z, dz, z0, x, dx, x0, p, dp, at, saved, stat, channels, s):
    """Gradients of :func:`_norm` in training: dz, and added to dp."""
    wide, n = (s + 2) * BATCH, s * BATCH
    area = (s + 2) * wide
    count = s * n
    for k in range(channels):
        mean = np.float32(saved[stat + k])
        inverse = np.float32(saved[stat + channels + k])
        total, product = np.float32(0), np.float32(0)
        for r in range(1, s + 1):
            start = r * wide + BATCH + k * area
            row, out = z[z0 + start : z0 + start + n], x[x0 + start : x0 + start + n]
            back = dx[x0 + start : x0 + start + n]
            for j in range(n):
                g = back[j] if out[j] > 0 else np.float32(0)
                total += g
                product += g * (row[j] - mean)
        product *= inverse
        dp[at + k] += product
        dp[at + channels + k] += total
        scale = p[at + k] * inverse
        base, slope = total / np.float32(count), product * inverse / np.float32(count)
        for r in range(1, s + 1):
            start = r * wide + BATCH + k * area
            row, out = z[z0 + start : z0 + start + n], x[x0 + start : x0 + start + n]
            back, result = dx[x0 + start : x0 + start + n], dz[z0 + start : z0 + start + n]
            for j in range(n):
                g = back[j] if out[j] > 0 else np.float32(0)
                result[j] = scale * (g - base - (row[j] - mean) * slope)


@fast
def _place(channel, row, column, s):
    """Where a place of a map starts."""
    return ((channel * (s + 2) + row + 1) * (s + 2) + column + 1) * BATCH


@fast
def _resize(op, x, dx, backward):
    """Maximum of 2 x 2 places (POOL), repetition of places (UP), their mean (MEAN), or a sum (ADD)."""
    kind, a, b, s = op[KIND], op[SOURCE] * BATCH, op[TARGET] * BATCH, op[SIZE]
    small = s // 2 if kind == POOL else s if kind == UP else 1
    for c in range(op[OUTPUTS]):
        for r in range(2 * small if kind == UP else s):
            for q in range(2 * small if kind == UP else s):
                if kind == UP:
                    i, o = a + _place(c, r // 2, q // 2, s), b + _place(c, r, q, 2 * s)
                    share = np.float32(1)
                elif kind == MEAN:
                    i, o = a + _place(c, r, q, s), b + _place(c, 0, 0, 1)
                    share = np.float32(1 / (s * s))
                else:
                    i, o = a + _place(c, r, q, s), b + _place(c, r // 2, q // 2, small)
                    share = np.float32(1)
                source, target = x[i : i + BATCH], x[o : o + BATCH]
                back, given = dx[i : i + BATCH], dx[o : o + BATCH]
                if kind == POOL and backward:  # the greatest of the four; none where all are 0
                    for j in range(BATCH):
                        back[j] += given[j] if source[j] == target[j] else np.float32(0)
                elif kind == POOL:
                    for j in range(BATCH):
                        target[j] = max(target[j], source[j])
                elif backward:
                    for j in range(BATCH):
                        back[j] += share * given[j]
                else:
                    for j in range(BATCH):
                        target[j] += share * source[j]


@fast
def _add(op, x, dx, backward):
    """A map (SOURCE) and another (OTHER) into a third."""
    s = op[SIZE]
    n = op[OUTPUTS] * (s + 2) * (s + 2) * BATCH
    a, b, c = op[SOURCE] * BATCH, op[OTHER] * BATCH, op[TARGET] * BATCH
    if backward:
        given, first, second = dx[c : c + n], dx[a : a + n], dx[b : b + n]
        for j in range(n):
            first[j] += given[j]
            second[j] += given[j]
    else:
        out, first, second = x[c : c + n], x[a : a + n], x[b : b + n]
        for j in range(n):
            out[j] = first[j] + second[j]


@fast
def forward(ops, p, x, z, running, saved, training):
    """Carry out a network's operations on the batch that lies in x."""
    for i in range(len(ops)):
        op = ops[i]
        kind, a, b = op[KIND], op[SOURCE] * BATCH, op[TARGET] * BATCH
        inputs, outputs, s, w, other = op[INPUTS], op[OUTPUTS], op[SIZE], op[WEIGHTS], op[OTHER]
        area = (s + 2) * (s + 2) * BATCH
        if kind == CONV:
            z[b : b + outputs * area] = 0
            if s == 1:
                _product(x, a, z, b, p, w + CENTRE, 9, inputs, outputs, s)
            else:
                _conv(x, a, z, b, p[w : w + 9 * inputs * outputs], inputs, outputs, s)
        elif kind == LINEAR:
            for k in range(outputs):
                z[b + k * area : b + (k + 1) * area] = p[other + k]
            _product(x, a, z, b, p, w, 1, inputs, outputs, s)
        elif kind == NORM:
            _norm(z, a, x, b, p, w, running, other, saved, outputs, s, training)
        elif kind == ADD:
            _add(op, x, x, False)
        else:
            size = s // 2 if kind == POOL else 2 * s if kind == UP else 1
            x[b : b + outputs * (size + 2) * (size + 2) * BATCH] = 0
            _resize(op, x, x, False)


@fast
def backward(ops, p, dp, x, dx, z, dz, saved, turned):
    """Gradients of all parameters, from those of the last operation's sums in dz."""
    dx[:] = 0
    dp[:] = 0
    for i in range(len(ops) - 1, -1, -1):
        op = ops[i]
        kind, a, b = op[KIND], op[SOURCE] * BATCH, op[TARGET] * BATCH
        inputs, outputs, s, w, other = op[INPUTS], op[OUTPUTS], op[SIZE], op[WEIGHTS], op[OTHER]
        if kind == CONV and s == 1:
            _product_back(x, dx, a, dz, b, p, dp, w + CENTRE, 9, inputs, outputs, s)
        elif kind == CONV:
            _conv_weights(x, a, dz, b, dp[w : w + 9 * inputs * outputs], inputs, outputs, s)
            if a > 0:  # nothing asks for the gradient of images, which lie first
                for c in range(inputs):
                    for k in range(outputs):
                        for t in range(9):
                            turned[9 * (c * outputs + k) + 8 - t] = p[w + 9 * (k * inputs + c) + t]
                _conv(dz, b, dx, a, turned, outputs, inputs, s)
        elif kind == LINEAR:
            for k in range(outputs):
                for r in range(s):
                    for q in range(s):
                        at = b + _place(k, r, q, s)
                        dp[other + k] += dz[at : at + BATCH].sum()
            _product_back(x, dx, a, dz, b, p, dp, w, 1, inputs, outputs, s)
        elif kind == NORM:
            _norm_back(z, dz, a, x, dx, b, p, dp, w, saved, other, outputs, s)
        elif kind == ADD:
            _add(op, x, dx, True)
        else:
            _resize(op, x, dx, True)


@fast
def load(images, rows, x):
    """Put images (n, c, s, s) of these rows (BATCH,) into the first map; a row of -1 is left out."""
    s = images.shape[2]
    for c in range(images.shape[1]):
        for r in range(s):
            for q in range(s):
                at = _place(c, r, q, s)
                for j in range(BATCH):
                    x[at + j] = images[rows[j], c, r, q] if rows[j] >= 0 else 0


@fast
def outputs_of(op, z):
    """The last operation's sums, (BATCH, outputs, s, s)."""
    s = op[SIZE]
    out = np.empty((BATCH, op[OUTPUTS], s, s), np.float32)
    for k in range(op[OUTPUTS]):
        for r in range(s):
            for q in range(s):
                at = op[TARGET] * BATCH + _place(k, r, q, s)
                out[:, k, r, q] = z[at : at + BATCH]
    return out


@fast
def _errors(op, z, dz, named, masks, rows):
    """The gradient of the mean loss: two digits' cross-entropy, or the masks' binary one."""
    s, b = op[SIZE], op[TARGET] * BATCH
    if s == 1:
        for digit in range(2):
            for j in range(BATCH):
                at = b + 10 * digit * 9 * BATCH + 4 * BATCH + j
                most, total = z[at], 0.0
                for k in range(10):
                    most = max(most, z[at + 9 * BATCH * k])
                for k in range(10):
                    total += np.exp(z[at + 9 * BATCH * k] - most)
                for k in range(10):
                    share = np.exp(z[at + 9 * BATCH * k] - most) / total
                    right = 1.0 if named[rows[j], digit] == k else 0.0
                    dz[at + 9 * BATCH * k] = (share - right) / (2 * BATCH)
        return
    share = np.float32(1 / (BATCH * op[OUTPUTS] * s * s))
    for k in range(op[OUTPUTS]):
        for r in range(s):
            for q in range(s):
                at = b + _place(k, r, q, s)
                logits, back = z[at : at + BATCH], dz[at : at + BATCH]
                for j in range(BATCH):
                    back[j] = share / (1 + np.exp(-logits[j]))
                for j in range(BATCH):
                    back[j] -= share * masks[rows[j], k, r, q]


@fast
def train(ops, p, images, named, masks, order, rates, momenta, x, z, running):
    """Adam over the batches of an order (steps, BATCH), the parameters p in place."""
    dx, dz, dp = np.zeros_like(x), np.zeros_like(z), np.zeros_like(p)
    saved, turned = np.zeros_like(running), np.zeros_like(p)
    m, v = np.zeros_like(p), np.zeros_like(p)
    for step in range(len(order)):
        load(images, order[step], x)
        forward(ops, p, x, z, running, saved, True)
        _errors(ops[-1], z, dz, named, masks, order[step])
        backward(ops, p, dp, x, dx, z, dz, saved, turned)
        b1 = momenta[step]
        rate = rates[step] / (1 - b1 ** (step + 1))
        whole = 1 / np.sqrt(1 - BETA2 ** (step + 1))
        for i in range(len(p)):
            m[i] += (1 - b1) * (dp[i] - m[i])
            v[i] += (1 - BETA2) * (dp[i] * dp[i] - v[i])
            p[i] -= rate * m[i] / (np.sqrt(v[i]) * whole + 1e-8)
