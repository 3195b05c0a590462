# SPDX-License-Identifier: MIT
"""Training steps of the comparison in Python: PyTorch eager, torch.compile, JAX jit.

    peers.py torch|compile|jax THREADS DEVICE [--benchmark_filter=REGEX] [--benchmark_min_time=SECONDS]

The networks, data sizes and optimizer are those of rows.h. Prints what Google Benchmark's JSON has
of a row: its name and the nanoseconds of a step, which `bench` lays beside the others. Each peer
does a step as its users would write it to be fast: PyTorch with the fused Adam; torch.compile of
forward and loss and of the optimizer's step; JAX as one jit of the whole step that gives its old
parameters away.
"""

import argparse
import json
import os
import re
import sys
import time

NETS = {  # batch; then the widths of linear layers, with ReLU in between
    "1x16-32-32-4": (1, [16, 32, 32, 4]),
    "32x64-32-32-10": (32, [64, 32, 32, 10]),
    "64x784-128-128-10": (64, [784, 128, 128, 10]),
    "CNN 64x1x28x28": (64, None),
}


def torch_rows(args, compiled):
    import torch
    from torch import nn

    torch.set_num_threads(args.threads)
    device = torch.device(args.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise RuntimeError("this PyTorch finds no CUDA device")

    def make_net(widths):
        if widths is None:
            return nn.Sequential(
                nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10))
        layers = []
        for i, o in zip(widths, widths[1:]):
            layers += [nn.Linear(i, o), nn.ReLU()]
        return nn.Sequential(*layers[:-1])

    def make_step(batch, widths):
        torch.manual_seed(0)
        net = make_net(widths).to(device)
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=not compiled)
        x = torch.randn([batch, 1, 28, 28] if widths is None else [batch, widths[0]], device=device)
        y = torch.randint(0, 10 if widths is None else widths[-1], [batch], device=device)
        loss_of, update = lambda: nn.functional.cross_entropy(net(x), y), optimizer.step
        if compiled:
            loss_of, update = torch.compile(loss_of), torch.compile(update)

        def step():
            optimizer.zero_grad()
            loss_of().backward()
            update()

        return step

    name = f"PyTorch {torch.__version__.split('+')[0]}"
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    return "torch.compile" if compiled else name, make_step, wait


def jax_rows(args):
    if args.device == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
        if args.threads == 1:
            os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    import jax
    from jax import numpy as jnp

    device = jax.devices("gpu" if args.device.startswith("cuda") else "cpu")[0]

    def linear(key, i, o):
        bound = i ** -0.5
        w, b = jax.random.split(key)
        return (jax.random.uniform(w, [i, o], minval=-bound, maxval=bound),
                jax.random.uniform(b, [o], minval=-bound, maxval=bound))

    def mlp(params, x):
        for w, b in params[:-1]:
            x = jax.nn.relu(x @ w + b)
        return x @ params[-1][0] + params[-1][1]

    def cnn(params, x):
        for w, b in params[:2]:
            x = jax.lax.conv_general_dilated(x, w, (1, 1), "SAME") + b[:, None, None]
            x = jax.lax.reduce_window(jax.nn.relu(x), -jnp.inf, jax.lax.max, (1, 1, 2, 2),
                                      (1, 1, 2, 2), "VALID")
        return mlp(params[2:], x.reshape(x.shape[0], -1))

    def adam(params, grads, m, v, count):
        tree = jax.tree.map
        m = tree(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
        v = tree(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
        c1, c2 = 1 - 0.9 ** count, 1 - 0.999 ** count
        params = tree(lambda p, m, v: p - 1e-3 * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), params, m, v)
        return params, m, v

    def make_step(batch, widths):
        keys = jax.random.split(jax.random.key(0), 8)
        if widths is None:
            params = [(0.2 * jax.random.normal(keys[0], [16, 1, 3, 3]), jnp.zeros([16])),
                      (0.1 * jax.random.normal(keys[1], [32, 16, 3, 3]), jnp.zeros([32])),
                      linear(keys[2], 1568, 64), linear(keys[3], 64, 10)]
            forward, classes, sizes = cnn, 10, [batch, 1, 28, 28]
        else:
            params = [linear(k, i, o) for k, i, o in zip(keys, widths, widths[1:])]
            forward, classes, sizes = mlp, widths[-1], [batch, widths[0]]
        x = jax.device_put(jax.random.normal(keys[6], sizes), device)
        y = jax.device_put(jax.random.randint(keys[7], [batch], 0, classes), device)

        def loss_of(params, x, y):
            logs = jax.nn.log_softmax(forward(params, x))
            return -jnp.take_along_axis(logs, y[:, None], axis=1).mean()

        @jax.jit
        def first(params):
            zeros = jax.tree.map(jnp.zeros_like, params)
            return params, zeros, jax.tree.map(jnp.zeros_like, params), jnp.float32(0)

        def whole(params, m, v, count, x, y):
            loss, grads = jax.value_and_grad(loss_of)(params, x, y)
            count = count + 1
            return (*adam(params, grads, m, v, count), count), loss

        whole = jax.jit(whole, donate_argnums=(0, 1, 2, 3))
        state = list(first(jax.device_put(params, device)))

        def step():
            new, loss = whole(*state, x, y)
            state[:] = new
            loss.block_until_ready()

        return step

    return f"JAX {jax.__version__} jit", make_step, lambda: None


def seconds_of(step, wait, n):
    """What n steps take: by the clock, and of all threads."""
    start, start_cpu = time.perf_counter(), time.process_time()
    for _ in range(n):
        step()
    wait()
    return time.perf_counter() - start, time.process_time() - start_cpu


def measure(step, wait, min_time):
    """Nanoseconds of a step, over at least min_time, as Google Benchmark names them."""
    seconds_of(step, wait, 5)  # compiles
    n = 1
    while (seconds := seconds_of(step, wait, n))[0] < min_time:
        n = max(n + 1, int(n * min(10.0, 1.2 * min_time / max(seconds[0], 1e-9))))
    return {"real_time": seconds[0] / n * 1e9, "cpu_time": seconds[1] / n * 1e9}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", choices=["torch", "compile", "jax"])
    parser.add_argument("threads", type=int)
    parser.add_argument("device")
    parser.add_argument("--benchmark_filter", default="")
    parser.add_argument("--benchmark_min_time", type=float, default=0.05)
    parser.add_argument("--benchmark_format")
    args = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # a pool of as many threads as it may have cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
    try:
        name, make_step, wait = (jax_rows(args) if args.peer == "jax"
                                 else torch_rows(args, args.peer == "compile"))
    except (ImportError, RuntimeError) as e:
        print(f"peers.py: {args.peer}: {e}", file=sys.stderr)
        return 3
    rows = []
    excluding, pattern = re.match("(-?)(.*)", args.benchmark_filter).groups()
    for net, (batch, widths) in NETS.items():
        if bool(re.search(pattern, "step/" + net)) != bool(excluding):
            rows.append({"name": "step/" + net,
                         **measure(make_step(batch, widths), wait, args.benchmark_min_time)})
    json.dump({"context": {"library": name}, "benchmarks": rows}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
