"""The paper's network (12-10-7-5-4-3-2, tanh) on its authors' data, in PyTorch, watched while it trains; draws plane.png.

    pip install ./bindings/python torch scipy matplotlib
    python bindings/python/examples/paper_network.py [plane.png]
"""

import sys
from collections import OrderedDict
from pathlib import Path

import infoplane
import numpy as np
import torch
from scipy.io import loadmat

EPOCHS = 1500

data = loadmat(Path(__file__).parents[3] / "tests/data/var_u.mat")
x = torch.tensor(data["F"].astype(np.float32))
y = torch.tensor(data["y"].ravel().astype(np.int64))
x = 2 * x - 1 if x.min() == 0 else x

torch.manual_seed(0)
# Layers are too small to be shared between threads.
torch.set_num_threads(1)
widths = [12, 10, 7, 5, 4, 3]
layers = OrderedDict()
for place, (d_in, d_out) in enumerate(zip(widths, widths[1:]), 1):
    layers[f"linear {place}"] = torch.nn.Linear(d_in, d_out)
    layers[f"tanh {place}"] = torch.nn.Tanh()
model = torch.nn.Sequential(OrderedDict(**layers, logits=torch.nn.Linear(3, 2), output=torch.nn.Softmax(1)))
for module in model:
    if isinstance(module, torch.nn.Linear):
        torch.nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
        torch.nn.init.zeros_(module.bias)
optimizer = torch.optim.Adam(model.parameters(), lr=0.0004)
train = torch.randperm(len(x))[: int(0.85 * len(x))]

epochs = np.unique(np.geomspace(1, EPOCHS + 1, 100).astype(int)) - 1
bins = "binning:bins=30,range=-1..1"
with infoplane.watch(model, x, y, epochs=epochs, estimator=bins, dataset="var_u", train_fraction=0.85) as plane:
    for epoch in range(EPOCHS + 1):
        plane.step(epoch)
        for batch in train[torch.randperm(len(train))].split(512):
            loss = torch.nn.functional.nll_loss(model(x[batch]).clamp_min(1e-9).log(), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

plane.plot(sys.argv[1] if len(sys.argv) > 1 else "plane.png")
print(plane, f"accuracy {(model(x).argmax(1) == y).float().mean():.3f}", sep="\n")
