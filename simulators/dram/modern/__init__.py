"""Modern memories: ranks, pseudo channels, channels and refresh by unit, on tables of constraints.

Arguments that its kernels share. Times are clock cycles (tCK); records lie where ``layout`` says.

- ``s``: (words,) int64, the state: counters, the device's tables and the design in front, then records.
- ``trace``: the words of the trace and of the latencies asked for (``flight.Trace``).
- ``c``, ``r``, ``b``, ``p``: where the record of a channel, a rank, a bank, an initiator begins in ``s``.
- ``t``, ``k``: where the record of a request in flight, of a burst begins in ``s``; -1 for none.
- ``number``: the number of a request of the trace; -1 for none.
- ``x``: the number of a command in ``commands``.
- ``e``: the number of an event in ``events``.
- ``now``: the cycle that is simulated.
- ``delta``: the delta cycle within it.
- ``when``: the cycle at which something will happen.
- ``latest``: the cycle at which a run is given up.
- ``write``: 1 for a write, 0 for a read.
- ``row``: the number of a row of a bank.
- ``unit``: the number of a refresh unit of a rank.
- ``head``, ``tail``: where the ends of a linked list stand in ``s``.
- ``blocked``: whether a command that is legal now has to wait, since another one went first.
- ``ahead``: the first cycle known at which a command becomes legal, FOREVER for none.
"""
