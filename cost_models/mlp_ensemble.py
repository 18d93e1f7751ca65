"""Deep ensemble of small networks with a variance each (Lakshminarayanan et al., NeurIPS 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from archgym.contracts.cost_model import Arrays, CostModel
from archgym.contracts.evaluation import Floats
from archgym.extras import need
from archgym.space import DesignSpace, ordinal

BATCH = 512


class MlpEnsemble(CostModel):
    """Heteroscedastic networks, five or one; the spread joins their own variances and their disagreement."""

    name = "mlp_ensemble"
    hyperparameters = DesignSpace(
        (
            ordinal("width", (64, 128, 256), "neurons a layer", scale="log"),
            ordinal("depth", (2, 3, 4), "hidden layers"),
            ordinal("epochs", (50, 100, 200, 400, 800), "passes over the rows", scale="log"),
            ordinal("rate", (1e-3, 3e-3), "peak learning rate", scale="log"),
            ordinal("members", (1, 3, 5), "networks; one is the fastest"),
        )
    )
    defaults = {"width": 128, "depth": 3, "epochs": 100, "rate": 3e-3, "members": 5}

    def _fit(self, features: Floats, targets: Floats) -> None:
        torch = need("torch", "cost model 'mlp_ensemble'")

        torch.manual_seed(self.seed)
        centre, scale = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
        x = torch.tensor((features - centre) / scale, dtype=torch.float32)
        y = torch.tensor(targets, dtype=torch.float32)
        self._arrays = {
            "centre": centre, "scale": scale, "layers": np.array([int(self.hyper["depth"]) + 1]),
        }  # fmt: skip
        for member in range(int(self.hyper["members"])):
            for i, (w, b) in enumerate(self._train(x, y, member)):
                self._arrays[f"{member}.{i}.w"], self._arrays[f"{member}.{i}.b"] = w, b

    def _train(self, x: Any, y: Any, member: int) -> list[tuple[Any, Any]]:
        import torch
        from torch import nn

        width, layers = int(self.hyper["width"]), []
        size = x.shape[1]
        for _ in range(int(self.hyper["depth"])):
            layers += [nn.Linear(size, width), nn.SiLU()]
            size = width
        m = y.shape[1]
        net = nn.Sequential(*layers, nn.Linear(size, 2 * m))
        generator = torch.Generator().manual_seed(1000 * self.seed + member)
        epochs = int(self.hyper["epochs"])
        steps = epochs * max(1, -(-len(x) // BATCH))
        optimizer = torch.optim.AdamW(
            net.parameters(), lr=float(self.hyper["rate"]), weight_decay=1e-5
        )
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, float(self.hyper["rate"]), total_steps=steps
        )
        for epoch in range(epochs):
            order = torch.randperm(len(x), generator=generator)
            for rows in order.split(BATCH):
                out = net(x[rows])
                error = (out[:, :m] - y[rows]) ** 2
                if epoch < epochs // 2:  # the mean first, its variance when the mean is good
                    loss = error.mean()
                else:
                    log_variance = out[:, m:].clamp(-14, 4)
                    weight = (
                        log_variance.detach().exp() ** 0.5
                    )  # beta-NLL, Seitzer et al., ICLR 2022
                    loss = (weight * (error * (-log_variance).exp() + log_variance)).mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
        linear = [m for m in net if isinstance(m, nn.Linear)]
        return [
            (
                m.weight.detach().numpy().T.astype(np.float32).copy(),
                m.bias.detach().numpy().astype(np.float32).copy(),
            )
            for m in linear
        ]

    def _predict(self, features: Floats) -> tuple[Floats, Floats]:
        from scipy.special import expit

        a = self._arrays
        x = ((features - a["centre"]) / a["scale"]).astype(np.float32)
        means, variances = [], []
        for member in range(int(self.hyper["members"])):
            h = x
            for i in range(int(a["layers"][0])):
                h = h @ a[f"{member}.{i}.w"] + a[f"{member}.{i}.b"]
                if i < int(a["layers"][0]) - 1:
                    h = h * expit(h)  # SiLU
            m = h.shape[1] // 2
            means.append(h[:, :m].astype(np.float64))
            variances.append(np.exp(np.clip(h[:, m:].astype(np.float64), -14, 4)))
        variance = np.mean(variances, axis=0) + np.var(means, axis=0)
        return np.mean(means, axis=0), np.sqrt(variance)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Weights of every layer of every member."""
        return dict(self._arrays)

    def restore(self, arrays: Arrays) -> None:
        """From the weights."""
        self._arrays = dict(arrays)
