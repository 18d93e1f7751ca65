"""The text of a file of agents that reach for what was not paid for, and those of them that are stopped."""

EVIL = """
import gc
import os
import time

import numpy as np

from archgym.contracts.agent import Agent


class Honest:
    def __init__(self, space, seed):
        self.space, self.rng, self.costs = space, np.random.default_rng(seed), {{}}
        self.reach()

    def reach(self):
        pass

    def ask(self, n):
        return self.space.sample(n, self.rng)

    def tell(self, x, costs):
        pass


class Proxied(Honest):
    def predict(self, x):
        return x.sum(axis=1).astype(float)


class Clock(Honest):
    def reach(self):
        self.rng = np.random.default_rng(time.time_ns())


class Entropy(Honest):
    def reach(self):
        self.rng = np.random.default_rng(int.from_bytes(os.urandom(8), "little"))


class Certificate(Honest):
    def reach(self):
        open({certificate!r})


class Native(Honest):
    def reach(self):
        import pyarrow

        pyarrow.OSFile({certificate!r}).read(10)
        raise SystemExit("it was read")


class Listing(Honest):
    def reach(self):
        os.listdir(os.path.dirname({certificate!r}))


class Link(Honest):
    def reach(self):
        os.symlink({certificate!r}, "mine.json")
        open("mine.json")


class Simulator(Honest):
    def reach(self):
        import archgym.simulators.serving.simulator


class Loaded(Honest):
    def reach(self):
        import archgym

        archgym.load_scenario({task!r})


class Shell(Honest):
    def reach(self):
        os.system("true")


class Fork(Honest):
    def reach(self):
        os.fork()


class Network(Honest):
    def reach(self):
        import socket

        socket.socket()


class Judge(Honest):
    def reach(self):
        open(f"/proc/{{os.getppid()}}/mem", "rb")


class Killer(Honest):
    def reach(self):
        os.kill(os.getppid(), 9)


class Library(Honest):
    def reach(self):
        import ctypes

        ctypes.CDLL(None).fopen(b"/etc/hostname", b"r")


class Unhooked(Honest):
    def reach(self):
        import archgym.bench.isolated.guard as guard

        for name, value in list(vars(guard).items()):
            if isinstance(value, type):
                value.__call__ = lambda *a: None
            if not name.startswith("__"):
                setattr(guard, name, type(value)() if isinstance(value, tuple) else lambda *a: None)
        os.system("true")


class Program(Honest):
    def reach(self):
        import _posixsubprocess

        _posixsubprocess.fork_exec()


class Beside(Honest):
    def reach(self):
        folder = os.open(os.path.dirname(np.__file__), os.O_RDONLY)
        os.open("version.py", os.O_RDONLY, dir_fd=folder)


class Below(Honest):
    def reach(self):
        os.makedirs("a/b")
        folder = os.open(".", os.O_RDONLY)
        os.chdir("a/b")
        os.open("..", os.O_RDONLY, dir_fd=folder)


class Mover(Honest):
    def reach(self):
        open("mine", "w").close()
        os.rename("mine", {certificate!r})


class Status(Honest):
    def reach(self):
        assert open("/proc/self/status").read()


class Tally(Agent):
    name = "tally"

    def __init__(self, *a, **k):
        super().__init__(*a, **k)
        self.hyper = [1]

    def _ask(self, n):
        return self.space.sample(n, self.rng)

    def _tell(self, x, costs):
        pass


class Deaf(Honest):
    def tell(self, x, costs):
        (line,) = [o for o in gc.get_objects() if type(o).__name__ == "Line"]
        while True:  # and no answer is read
            line.send({{"need": "advise", "batch": 0, "row": 0, "design": x[0].tolist()}})


class Big(Honest):
    def reach(self):
        with open("big", "wb") as file:
            file.truncate(1 << 31)


class Greedy(Honest):
    def reach(self):
        self.kept = [np.empty(1 << 30, np.uint8) for _ in range(64)]  # reserved, not written


class Confident(Honest):
    def reach(self):
        (line,) = [o for o in gc.get_objects() if type(o).__name__ == "Line"]
        line.send({{"batch": 1, "objectives": 1, "confined": "of course"}})


class Memory(Honest):
    def reach(self):
        kinds = {{c.__name__ for o in gc.get_objects() for c in type(o).__mro__}}
        if kinds & {{"Scenario", "Simulator", "Certificate", "Table", "EvaluationStore", "Evaluator"}}:
            raise ValueError("an answer is in reach")


class Silent(Honest):
    def reach(self):
        time.sleep(60)


class Loud(Honest):
    def ask(self, n):
        raise ValueError("x" * (20 << 20))


class Shapeless(Honest):
    def ask(self, n):
        return np.zeros((n + 1, len(self.space)), int)
"""
REFUSED = (
    "Certificate", "Native", "Listing", "Link", "Simulator", "Loaded", "Shell", "Fork", "Network", "Judge",
    "Killer", "Library", "Unhooked", "Program", "Beside", "Below", "Mover",
)  # fmt: skip
