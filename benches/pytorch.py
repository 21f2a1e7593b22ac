"""An epoch of the paper's network in PyTorch, one thread: what `just bench` sets beside ours.

Same network (12-10-7-5-4-3-2, tanh or ReLU), same 3482 rows, batch 256 or full, a fresh shuffle each epoch, gather, forward,
backward, update. `eager` is one network in the usual style; `batched` trains 50 networks at once with baddbmm, the best that
public tools offer. Milliseconds per network and epoch, median of 5 runs.

pip install torch; python benches/pytorch.py
"""
import statistics
import time

import torch

torch.set_num_threads(1)
WIDTHS = [12, 10, 7, 5, 4, 3, 2]
ROWS = 3482
RUNS = 5
inputs = ((torch.arange(4096)[:, None] >> torch.arange(12)) & 1).float()[:ROWS]
labels = (inputs.sum(1) > 6).long()
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu}


def optimizer_of(name, parameters):
    return torch.optim.SGD(parameters, 0.01) if name == "sgd" else torch.optim.Adam(parameters, 0.01)


def eager(activation, optimizer, batch, epochs):
    layers = [torch.nn.Linear(a, b) for a, b in zip(WIDTHS, WIDTHS[1:])]
    opt = optimizer_of(optimizer, [p for layer in layers for p in layer.parameters()])
    for _ in range(epochs):
        order = torch.randperm(ROWS)
        for rows in order.split(batch or ROWS):
            t = inputs[rows]
            for layer in layers[:-1]:
                t = activation(layer(t))
            loss = torch.nn.functional.cross_entropy(layers[-1](t), labels[rows])
            opt.zero_grad()
            loss.backward()
            opt.step()


def batched(activation, optimizer, batch, epochs, nets=50):
    ws = [torch.nn.Parameter(torch.randn(nets, a, b) / a**0.5) for a, b in zip(WIDTHS, WIDTHS[1:])]
    bs = [torch.nn.Parameter(torch.zeros(nets, 1, b)) for b in WIDTHS[1:]]
    opt = optimizer_of(optimizer, ws + bs)
    for _ in range(epochs):
        order = torch.stack([torch.randperm(ROWS) for _ in range(nets)])
        for rows in order.split(batch or ROWS, dim=1):
            t = inputs[rows]
            for w, b in zip(ws[:-1], bs[:-1]):
                t = activation(torch.baddbmm(b, t, w))
            z = torch.baddbmm(bs[-1], t, ws[-1])
            loss = torch.nn.functional.cross_entropy(z.flatten(0, 1), labels[rows].flatten()) * nets
            opt.zero_grad()
            loss.backward()
            opt.step()


def median_ms(train, nets, *settings, epochs):
    train(*settings, 1)
    runs = []
    for _ in range(RUNS):
        started = time.perf_counter()
        train(*settings, epochs)
        runs.append((time.perf_counter() - started) * 1e3 / (epochs * nets))
    return statistics.median(runs)


print(f"ms per network and epoch, PyTorch {torch.__version__}, one thread, median of {RUNS} runs")
print(f"{'optimizer':<10} {'activation':<10} {'batch':>6} {'eager':>8} {'batched 50':>11}")
for optimizer in ("sgd", "adam"):
    for activation in ("tanh", "relu"):
        for batch in (256, 0):
            one = median_ms(eager, 1, ACTIVATIONS[activation], optimizer, batch, epochs=20)
            many = median_ms(batched, 50, ACTIVATIONS[activation], optimizer, batch, epochs=2)
            print(f"{optimizer:<10} {activation:<10} {batch or 'full':>6} {one:>8.2f} {many:>11.2f}", flush=True)
