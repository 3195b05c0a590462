# SPDX-License-Identifier: MIT
"""Makes data/plateau.json: learning rates of ReduceLROnPlateau, and paths of LBFGS.

Layout: {"runs": [...], "lbfgs": [...]}
  run: {"options": {...}, "metrics": [...], "lr": [the rate after each epoch, from 1.0]}
  lbfgs: {"options": {...}, "steps": [[x, y], ...] (the parameters after each step, float64),
          "losses": [what each step returned], "func_evals": n}
LBFGS goes down Rosenbrock's valley (1 - x)^2 + 100 (y - x^2)^2 from (-1.5, 2).
"""

import torch

from common import write

METRICS = [4.0, 3.0, 3.0, 3.0, 2.9999, 2.5, 2.6, 2.7, 2.5, 2.5, 2.5, 2.4, 2.5, 2.5, 2.5, 2.5, 2.5, 2.0]
runs = []
for options in [
    {"patience": 2},
    {"patience": 1, "factor": 0.5, "cooldown": 2},
    {"patience": 0, "factor": 0.5, "min_lr": 0.1},
    {"patience": 1, "factor": 0.5, "mode": "max"},
    {"patience": 1, "factor": 0.5, "threshold": 0.3, "threshold_mode": "abs"},
    {"patience": 1, "factor": 0.5, "threshold": 0.25},
]:
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
    rates = []
    for metric in METRICS:
        scheduler.step(metric)
        rates.append(optimizer.param_groups[0]["lr"])
    runs.append({"options": options, "metrics": METRICS, "lr": rates})

paths = []
for options in [
    {"lr": 0.001, "max_iter": 4},
    {"max_iter": 5, "line_search_fn": "strong_wolfe"},
    {"max_iter": 4, "history_size": 2, "line_search_fn": "strong_wolfe"},
    {"lr": 0.5, "max_iter": 30, "max_eval": 7, "line_search_fn": "strong_wolfe"},
]:
    x = torch.tensor(-1.5, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([x, y], **options)

    def closure():
        optimizer.zero_grad()
        loss = (1 - x) ** 2 + 100 * (y - x * x) ** 2
        loss.backward()
        return loss

    steps, losses = [], []
    for _ in range(4):
        losses.append(optimizer.step(closure).item())
        steps.append([x.item(), y.item()])
    evals = optimizer.state[x]["func_evals"]
    paths.append({"options": options, "steps": steps, "losses": losses, "func_evals": evals})

write(__file__, {"runs": runs, "lbfgs": paths})
