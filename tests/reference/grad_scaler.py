# SPDX-License-Identifier: MIT
"""Makes data/grad_scaler.json: training under PyTorch's torch.amp.GradScaler.

Layout: {"start": [[4 numbers]], "gradients": [...], "runs": [...]}
  gradients: 14 rows of 4 numbers: what the loss (w * gradient).sum() has as its gradient, in every
             run; "inf" and "nan" among them
  run: {"name": unique name, "optimizer": "SGD|Adam|Adagrad", "options": {...}, of the optimizer,
        "scaler": {...}, the options that were given,
        "clip": the norm that gradients are clipped to after unscale_, 0: none,
        "new_scale": [step, number]: update(number) at that step, or [],
        "steps": 14 rows {"w": [...], "scale": number, "tracker": number} after each step,
        "count": steps that were taken}
All is float32, on the CPU, with foreach=False.
"""

import torch

from common import values, write

STEPS = 14
torch.manual_seed(5)
START = (torch.randn(4) * 1000).round() / 1000
GRADIENTS = [(torch.randn(4) * 1000).round() / 1000 for _ in range(STEPS)]
GRADIENTS[0][3] = float("inf")
GRADIENTS[4][1] = float("-inf")
GRADIENTS[5][0] = float("nan")
GRADIENTS[11][2] = 3e38  # overflows when scaled


def run(name, rule, options, scaler_options, clip=0, new_scale=()):
    w = START.clone().requires_grad_()
    optimizer = getattr(torch.optim, rule)([w], foreach=False, **options)
    scaler = torch.amp.GradScaler("cpu", **scaler_options)
    steps = []
    for step, gradient in enumerate(GRADIENTS):
        optimizer.zero_grad()
        scaler.scale((w * gradient).sum()).backward()
        if clip:
            scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_([w], clip)
        scaler.step(optimizer)
        scaler.update(new_scale[1] if new_scale and new_scale[0] == step else None)
        state = scaler.state_dict()
        steps.append(
            {"w": values(w), "scale": state["scale"], "tracker": state["_growth_tracker"]}
        )
    count = optimizer.state[w].get("step", 0)
    return {
        "name": name,
        "optimizer": rule,
        "options": options,
        "scaler": scaler_options,
        "clip": clip,
        "new_scale": list(new_scale),
        "steps": steps,
        "count": float(count),
    }


runs = [
    run("SGD", "SGD", {"lr": 0.1, "momentum": 0.9}, {"growth_interval": 3}),
    run("Adam", "Adam", {"lr": 0.1}, {"init_scale": 1024.0, "growth_interval": 2}),
    run(
        "other factors",
        "Adam",
        {"lr": 0.1},
        {"init_scale": 8.0, "growth_factor": 1.5, "backoff_factor": 0.3, "growth_interval": 1},
    ),
    run("Adagrad, clipped", "Adagrad", {"lr": 0.1, "lr_decay": 0.1}, {"growth_interval": 3}, 0.5),
    run("a scale of the program's", "SGD", {"lr": 0.1}, {"growth_interval": 3}, 0, (6, 100.0)),
    run("near the largest number", "SGD", {"lr": 0.1}, {"init_scale": 3e38, "growth_interval": 1}),
]
gradients = [values(g) for g in GRADIENTS]
write("grad_scaler", {"start": [values(START)], "gradients": gradients, "runs": runs})
