"""PyTorch modules as networks: products by hand, and as their ONNX export has them."""

import pytest
from archgym.simulators.accelerator import AcceleratorSimulator
from archgym.simulators.accelerator.readers.torch_modules import from_torch

from archgym.errors import WorkloadError

torch = pytest.importorskip("torch", reason="the package torch is not installed")
nn = torch.nn


class Attention(nn.Module):
    def forward(self, q, k, v):
        return nn.functional.scaled_dot_product_attention(q, k, v)


class Shared(nn.Module):
    """A weight that a view, a cast and a product by another constant lead to."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(4, 16, 32))

    def forward(self, x):
        return torch.einsum("ij,bjk->bik", x, (self.weight * 2).transpose(1, 2).to(x.dtype))


class Cached(nn.Module):
    """Keys kept in a buffer are no weights once they are written."""

    def __init__(self):
        super().__init__()
        self.register_buffer("keys", torch.zeros(6, 8))

    def forward(self, x):
        self.keys.copy_(x)
        return x @ self.keys.T


CASES = {
    "convolutions": (
        nn.Sequential(
            nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, groups=8), nn.Flatten(), nn.Linear(288, 5)
        ),
        torch.zeros(2, 3, 16, 16),
        2 * (8 * 64 * 27 + 8 * 36 * 9 + 8 * 36 * 5),
    ),
    "one axis": (nn.Conv1d(4, 6, 3, padding=1), torch.zeros(1, 4, 20), 6 * 20 * 12),
    "three axes": (nn.Conv3d(2, 3, 3), torch.zeros(1, 2, 6, 7, 8), 3 * 4 * 5 * 6 * 54),
    "transposed": (nn.ConvTranspose2d(16, 8, 4, 2, 1), torch.zeros(1, 16, 32, 32), 2_097_152),
    "attention": (Attention(), (torch.zeros(1, 12, 128, 64),) * 3, 25_165_824),
    "encoder": (
        nn.TransformerEncoderLayer(64, 4, 128, batch_first=True),
        torch.zeros(2, 10, 64),
        20 * 64 * 64 * 4 + 2 * 2 * 10 * 10 * 64 + 2 * 20 * 64 * 128,
    ),
    "lstm": (
        nn.LSTM(16, 32, 2, bidirectional=True),
        torch.zeros(5, 3, 16),
        15 * 2 * 128 * (16 + 32) + 15 * 2 * 128 * (64 + 32),
    ),
    "gru": (nn.GRU(16, 32, batch_first=True), torch.zeros(3, 5, 16), 15 * 96 * 48),
    "shared": (Shared(), torch.zeros(64, 32), 131_072),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(CASES))
def test_products_of_modules(name):
    model, example, macs = CASES[name]
    model.train()
    network = from_torch(model, example)
    assert network.macs == macs and network.notes["complete"]
    assert model.training, "the mode is left as it was"


def test_weights_and_activations():
    (layer,) = from_torch(Shared(), torch.zeros(64, 32)).layers
    assert layer.own_weights == 0
    (layer,) = from_torch(Cached(), torch.zeros(6, 8)).layers
    assert layer.own_weights == 1
    scores, values = from_torch(Attention(), (torch.zeros(1, 2, 4, 8),) * 3).layers
    assert scores.own_weights == values.own_weights == 1


def test_a_model_without_memory_costs_no_arithmetic():
    with torch.device("meta"):
        model, example = nn.Linear(8192, 28_672), torch.zeros(4, 8192)
    network = from_torch(model, example, name="ffn")
    assert network.name == "ffn" and network.macs == 4 * 8192 * 28_672
    assert AcceleratorSimulator(network, space="eyeriss").workload_notes["format"] == "PyTorch"


def test_layers_have_their_modules_names_and_keywords_work():
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.left, self.right = nn.Linear(4, 5), nn.Linear(4, 6)

        def forward(self, *, x):
            return self.left(x).sum() + self.right(x).sum() + self.left(x).sum()

    network = from_torch(Two(), {"x": torch.zeros(1, 4)})
    assert [(x.name, x.count) for x in network.layers] == [("left", 2), ("right", 1)]


@pytest.mark.parametrize(
    ("model", "example", "message"),
    [
        (3, None, "expected a torch.nn.Module, got int"),
        (nn.Linear(3, 4), torch.zeros(2, 5), "does not run on the example"),
        (nn.ReLU(), torch.zeros(2), "has no convolution or matrix product"),
    ],
    ids=str,
)
def test_what_is_refused(model, example, message):
    with pytest.raises(WorkloadError, match=message):
        from_torch(model, example)


def test_what_is_not_read_is_named():
    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.fft.fft(x @ x)

    with pytest.raises(WorkloadError, match=r"at most 100 %.*_fft_c2c"):
        from_torch(Spectrum(), torch.zeros(4, 4, dtype=torch.complex64))
    assert from_torch(Spectrum(), torch.zeros(4, 4, dtype=torch.complex64), partial=True).macs == 64
