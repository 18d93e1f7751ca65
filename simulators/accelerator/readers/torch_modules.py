"""Networks from PyTorch modules: one forward pass is watched, operator by operator."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from archgym.errors import WorkloadError

from ..layers import Network
from . import products
from .onnx_import import network_of
from .onnx_work import Unread, Work

# (left operand, right operand) of the products by their places among the arguments
PRODUCTS = {
    "mm": (0, 1), "bmm": (0, 1), "addmm": (1, 2), "baddbmm": (1, 2), "addbmm": (1, 2), "mv": (0, 1),
    "addmv": (1, 2), "dot": (0, 1), "vdot": (0, 1), "_int_mm": (0, 1), "_scaled_mm": (0, 1),
    "linear": (0, 1),
}  # fmt: skip
HEAVY = ("fft", "linalg", "cholesky", "cdist", "trilinear", "pack_mm", "svd", "lu_", "grouped_mm")
ATTENTION = "_scaled_dot_product"


def from_torch(
    model: Any, example: Any, *, partial: bool = False, name: str | None = None
) -> Network:
    """The products of one forward pass of a module as a network.

    The pass really runs, without gradients and in evaluation mode; a model and an example on the
    device ``meta`` cost no arithmetic.  Operands that come from parameters alone are weights.

    Args:
        model: a ``torch.nn.Module``.
        example: its argument: a tensor, a tuple of arguments, or a dict of keywords.
        partial: whether a model of which some products cannot be read is taken.
        name: of the network; the class's otherwise.

    Returns:
        The network.

    Raises:
        WorkloadError: it is no module, it cannot run, products cannot be read, there is none.
    """
    import torch

    if not isinstance(model, torch.nn.Module):
        raise WorkloadError(f"expected a torch.nn.Module, got {type(model).__name__}")
    title = name or type(model).__name__.lower()
    arguments: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = {}
    if isinstance(example, Mapping):
        keywords = example
    else:
        arguments = example if isinstance(example, tuple) else (example,)
    record = _Record()
    for tensor in [*model.parameters(), *model.buffers()]:
        record.mark(tensor)
    modes = [(m, m.training) for m in model.modules()]
    try:
        with _watching(model, record), torch.no_grad(), _without_fast_paths(), _mode(record):
            for module, _ in modes:
                module.training = False
            model(*arguments, **keywords)
    except WorkloadError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())[:400]
        raise WorkloadError(
            f"{title}: the model does not run on the example ({type(error).__name__}: {text})"
        ) from error
    finally:
        for module, training in modes:
            module.training = training
    record.work.merged()
    return network_of(title, title, record.work, {}, partial, "PyTorch")


class _Record:
    """What was seen: the work, which tensors are constant, in which module we are."""

    def __init__(self) -> None:
        self.work = Work()
        self.trail: list[str] = []
        self.quiet = 0
        self.constants: dict[int, Any] = {}  # storages, kept alive so that their keys stay theirs

    def key(self, tensor: Any) -> int:
        return int(tensor.untyped_storage()._cdata)

    def mark(self, tensor: Any) -> None:
        try:
            self.constants[self.key(tensor)] = tensor.untyped_storage()
        except (NotImplementedError, RuntimeError):  # sparse and lazy tensors have no storage
            return

    def constant(self, tensor: Any) -> bool:
        try:
            return self.key(tensor) in self.constants
        except (NotImplementedError, RuntimeError):
            return False

    @property
    def place(self) -> str:
        return self.trail[-1] if self.trail else ""

    def see(self, namespace: str, operator: str, arguments: Sequence[Any], result: Any) -> None:
        """One operator that ran."""
        if self.quiet:
            return
        tensors = [x for x in arguments if hasattr(x, "untyped_storage")]
        if tensors and all(self.constant(x) for x in tensors):
            for out in result if isinstance(result, (tuple, list)) else [result]:
                if hasattr(out, "untyped_storage"):
                    self.mark(out)
            return
        if tensors and operator.endswith("_"):  # what is written into is a weight no longer
            self.constants.pop(self.key(tensors[0]), None)
        where = self.place or operator
        if namespace not in ("aten", "prim", "prims"):
            reason = f"the operator of {namespace} is not known here"
            self.work.unread.append(Unread(operator, where, None, reason))
        elif operator in ("convolution", "_convolution"):
            self._convolution(where, arguments)
        elif operator in PRODUCTS:
            self._product(where, operator, arguments)
        elif operator.startswith(ATTENTION):
            self._attention(where, arguments)
        elif any(word in operator for word in HEAVY):
            self.work.unread.append(Unread(operator, where, None, "not read here"))
        else:
            self.work.free[operator] += 1

    def _convolution(self, where: str, arguments: Sequence[Any]) -> None:
        x, w, _, strides, pads, dilations, transposed, _, groups = arguments[:9]
        axes = w.dim() - 2
        shape = [1, *x.shape] if x.dim() == axes + 1 else list(x.shape)

        def spread(values: Sequence[int]) -> list[int]:
            return [int(v) for v in values] * (axes if len(values) == 1 else 1)

        steps, gaps, pad = spread(strides), spread(dilations), spread(pads)
        weights = [int(n) for n in w.shape]
        if transposed:
            self.work.layers += products.transposed_convolution(
                where, shape, weights, groups=groups, strides=steps, dilations=gaps
            )
            return
        outputs = [shape[0], weights[0]] + [
            (n + 2 * p - ((k - 1) * d + 1)) // s + 1
            for n, p, k, d, s in zip(shape[2:], pad, weights[2:], gaps, steps)
        ]
        self.work.layers += products.convolution(
            where, shape, weights, outputs, groups=groups, strides=steps, dilations=gaps
        )

    def _product(self, where: str, operator: str, arguments: Sequence[Any]) -> None:
        left, right = (arguments[i] for i in PRODUCTS[operator])
        right_shape = tuple(right.shape)
        if operator == "linear":
            right_shape = right_shape[::-1]
        layers, _ = products.matrix_product(
            where, tuple(left.shape), right_shape, left_constant=self.constant(left),
            right_constant=self.constant(right),
        )  # fmt: skip
        self.work.layers += layers

    def _attention(self, where: str, arguments: Sequence[Any]) -> None:
        q, k, v = arguments[:3]
        self.work.layers += products.attention(
            where, batch=q.shape[0], heads=q.shape[1], kv_heads=k.shape[1], queries=q.shape[2],
            keys=k.shape[2], size=q.shape[3], value_size=v.shape[3],
        )  # fmt: skip

    def recurrence(self, where: str, module: Any, x: Any) -> None:
        """A whole LSTM, GRU or RNN, whose kernels differ from build to build."""
        if hasattr(x, "data") and hasattr(x, "batch_sizes"):  # a packed sequence
            steps, batch = int(x.batch_sizes.shape[0]), int(x.batch_sizes[0])
        elif x.dim() == 2:
            steps, batch = int(x.shape[0]), 1
        else:
            steps, batch = (int(n) for n in x.shape[:2])
            steps, batch = (batch, steps) if module.batch_first else (steps, batch)
        gates = {"LSTM": 4, "GRU": 3}.get(module.mode, 1)
        directions = 2 if module.bidirectional else 1
        state = module.proj_size or module.hidden_size
        for layer in range(module.num_layers):
            self.work.layers += products.recurrent(
                f"{where}.{layer}", gates=gates, steps=steps, batch=batch,
                inputs=directions * state if layer else module.input_size,
                hidden=module.hidden_size, directions=directions, projection=module.proj_size,
            )  # fmt: skip


@contextmanager
def _watching(model: Any, record: _Record) -> Iterator[None]:
    """Hooks that say in which module the pass is."""
    import torch

    handles = []

    def enter(path: str, whole: bool) -> Callable[..., None]:
        def hook(module: Any, arguments: tuple[Any, ...]) -> None:
            record.trail.append(path)
            if whole and not record.quiet:
                record.recurrence(path, module, arguments[0])
            record.quiet += whole

        return hook

    def leave(whole: bool) -> Callable[..., None]:
        def hook(module: Any, arguments: Any, result: Any) -> None:
            record.trail.pop()
            record.quiet -= whole

        return hook

    for path, module in model.named_modules():
        whole = isinstance(module, torch.nn.RNNBase)
        where = path or type(module).__name__.lower()
        try:
            handles.append(module.register_forward_pre_hook(enter(where, whole)))
            handles.append(module.register_forward_hook(leave(whole)))
        except (
            RuntimeError
        ):  # parts of a script take no hooks; their operators are seen all the same
            continue
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _without_fast_paths() -> Iterator[None]:
    """Fused attention layers hide their products."""
    import torch

    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _mode(record: _Record) -> Any:
    from torch.utils._python_dispatch import TorchDispatchMode

    class Watch(TorchDispatchMode):
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            record.see(func.namespace, func._schema.name.split("::")[1], args, result)
            return result

    return Watch()
