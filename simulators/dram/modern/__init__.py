"""Modern memories: ranks, pseudo channels, channels and refresh by unit, on tables of constraints.

Arguments that its kernels share. Times are clock cycles (tCK); records lie where ``layout`` says.

- ``s``: (words,) int64, the state: counters, the device's tables and the design in front, then records.
- ``q``: (bursts x BURST,) int32, the bursts of all requests, with the queues' links.
- ``c``, ``r``, ``b``, ``p``: where the record of a channel, a rank, a bank, an initiator begins in ``s``.
- ``k``: the number of a burst, counted over the trace; -1 for none.
- ``request``: the number of a request of the trace; -1 for none.
- ``x``: the number of a command in ``commands``.
- ``e``: the number of an event in ``events``.
- ``now``: the cycle that is simulated.
- ``delta``: the delta cycle within it.
- ``when``: the cycle at which something will happen.
- ``stamp``: (n,) int64, the cycle at which each request of the trace may be issued first.
- ``is_write``, ``address``: (n,) of the trace, a flag and a byte address.
- ``finish``: (bursts,) int64, the cycle at which a burst's data end; written by the kernels.
- ``latency``: (n,) int64, from a request's stamp to its response; written by the kernels.
- ``latest``: the cycle at which a run is given up.
- ``write``: 1 for a write, 0 for a read.
- ``row``: the number of a row of a bank.
- ``unit``: the number of a refresh unit of a rank.
- ``head``, ``tail``: where the ends of a linked list stand in ``s``.
- ``blocked``: whether a command that is legal now has to wait, since another one went first.
- ``ahead``: the first cycle known at which a command becomes legal, FOREVER for none.
"""
