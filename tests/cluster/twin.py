"""The slow twin of the collectives: the data and times of every NPU in lists, one chunk after another.

It knows no events, phases, packets or closed forms.  Data are the NPUs whose contributions a block holds,
so that a collective that forgets or doubles one is seen.  Results are when the last NPU is done, in ns,
the bytes that each NPU sends, and what each ends with: block -> contributions.
"""

from collections import Counter


class Twin:
    """One chunk of one collective among ``n`` NPUs that begin at 0 ns.

    ``delay(away, size)`` are ns of a message to an NPU some places on, ``reduction(size)`` ns to add up what
    came, ``endpoint`` ns that a packet waits at an NPU before it is sent, and after it came.
    """

    def __init__(self, n, delay, reduction, endpoint):
        self.n, self.delay, self.reduction, self.endpoint = n, delay, reduction, endpoint
        self.sent = 0  # bytes of each NPU: all send alike
        self.has = []

    def _own(self, kind):
        """What each NPU begins with: all blocks of its own, or for an all-gather the one that is its own."""
        if kind == "all_gather":
            return [{i: Counter([i])} for i in range(self.n)]
        return [{b: Counter([i]) for b in range(self.n)} for i in range(self.n)]

    def _message(self, away, size):
        self.sent += size
        return self.delay(away, size)

    def ring(self, kind, size):
        """Each passes on to its neighbour what it got last; in the first round it adds its own."""
        n, e = self.n, self.endpoint
        block = size if kind == "all_gather" else size // n
        self.has = self._own(kind)
        if kind == "all_to_all":
            return self._ring_all_to_all(block)
        now = e
        if kind != "all_gather":
            for step in range(n - 1):
                moving = [dict(h) for h in self.has]
                for i in range(n):
                    b = (i - step - 2) % n  # so that NPU i ends with block i
                    self.has[i][b] = self.has[i][b] + moving[i - 1][b]
                now += self._message(1, block) + e + self.reduction(block)
            self.has = [{i: self.has[i][i]} for i in range(n)]
        if kind != "reduce_scatter":
            for step in range(n - 1):
                moving = [dict(h) for h in self.has]
                for i in range(n):
                    b = (i - step - 1) % n
                    self.has[i][b] = moving[i - 1][b]
                now += self._message(1, block) + e
        return now

    def _ring_all_to_all(self, block):
        """What is for an NPU k places on takes k steps; one message at a time."""
        n, now = self.n, self.endpoint
        got = [{i: Counter([i])} for i in range(n)]
        for away in range(1, n):
            at = list(range(n))  # where the block of each NPU for the one ``away`` places on is
            for _ in range(away):
                at = [(a + 1) % n for a in at]
                now += self._message(1, block) + self.endpoint
            for i, a in enumerate(at):
                got[a][i] = Counter([i])
        self.has = got
        return now

    def direct(self, kind, size):
        """Everybody sends to everybody at once; an all-reduce does it twice."""
        n, e = self.n, self.endpoint
        block = size if kind == "all_gather" else size // n
        came = sorted(e + self._message(k, block) for k in range(1, n))
        own = self._own(kind)
        if kind == "all_gather":
            self.has = [{b: own[b][b] for b in range(n)} for _ in range(n)]
        elif kind == "all_to_all":
            self.has = [{b: Counter([b]) for b in range(n)} for _ in range(n)]
        else:
            summed = [sum((own[j][i] for j in range(n)), Counter()) for i in range(n)]
            self.has = [{i: summed[i]} for i in range(n)]
        if kind != "all_reduce":
            return came[-1] + e + (self.reduction(block) if kind == "reduce_scatter" else 0)
        # what came is added up one by one; once all are there, each that is ready lets a message go
        ready = [t + e + self.reduction(block) for t in came]
        left, credits, done = list(range(1, n)), 0, 0
        for t in ready:
            credits += 1
            if t >= came[-1]:
                while credits and left:
                    done = max(done, t + self._message(left.pop(0), block) + e)
                    credits -= 1
        self.has = [{b: summed[b] for b in range(n)} for _ in range(n)]
        return done

    def halvingDoubling(self, kind, size):
        """Partners at doubling distances exchange halves, and then all that they have."""
        n, e, now = self.n, self.endpoint, self.endpoint
        levels = n.bit_length() - 1
        self.has = self._own(kind)
        if kind != "all_gather":
            for i in range(levels):
                if i:
                    now += self.reduction(size >> (i + 1))  # while the next message is made
                now += self._message(1 << i, size >> (i + 1)) + e
                before = [dict(h) for h in self.has]
                for me in range(n):
                    mine = [b for b in before[me] if (b ^ me) >> i & 1 == 0]
                    self.has[me] = {b: before[me][b] + before[me ^ (1 << i)][b] for b in mine}
        if kind != "reduce_scatter":
            # the tool halves once more before it turns, and doubles what was floored
            held = size if kind == "all_gather" else (size >> (levels + 1)) << 1
            for i in reversed(range(levels)):
                now += self._message(1 << i, held) + e
                held <<= 1
                before = [dict(h) for h in self.has]
                for me in range(n):
                    self.has[me] = before[me] | before[me ^ (1 << i)]
        return now


def chunks_one_by_one(count, capacity, queue, time):
    """When the last of ``count`` chunks is done: each goes through the queues in turn, looked at every ns.

    A queue has ``capacity`` places, and who came first is served first.  None where two came in one ns:
    which is first is then a matter of the order of events.
    """
    at, left = (
        [0] * count,
        [None] * count,
    )  # phase of each chunk, ns that it still runs (None: it waits)
    since = [(0, c) for c in range(count)]  # when it joined its queue; they begin in their order
    now = 0
    while any(p < len(queue) for p in at):
        for dimension in set(queue):
            here = [c for c in range(count) if at[c] < len(queue) and queue[at[c]] == dimension]
            free = capacity - sum(left[c] is not None for c in here)
            for c in sorted((c for c in here if left[c] is None), key=since.__getitem__)[:free]:
                left[c] = time[at[c]]
        now += 1
        joined = []
        for c in range(count):
            if left[c] is not None:
                left[c] -= 1
                if left[c] == 0:
                    at[c], left[c], since[c] = at[c] + 1, None, (now, c)
                    joined += queue[at[c] : at[c] + 1]
        if len(set(joined)) < len(joined):
            return None
    return now
