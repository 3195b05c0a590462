# SPDX-License-Identifier: MIT
"""Makes data/optim.json: step-by-step trajectories of the optimizers, and learning rates by epoch.

Layout: {"start": [...], "gradients": [...], "runs": [...], "schedules": [...]}
  start: one row, {"w": 12 numbers (shape [3, 4]), "b": 4 numbers (shape [4])}: the parameters, f32
  gradients: 12 rows {"w": [...], "b": [...]}: the gradient at each step, the same in every run
  run: {"name": unique name, "optimizer": "SGD|Adam|AdamW|RMSprop|Adagrad",
        "groups": [{"params": ["w", ...], option: value, ...}, ...],
        "missing": [[step, "b"], ...]: steps (from 0) at which a parameter has no gradient,
        "steps": 12 rows {"w": [...], "b": [...]}: the parameters after each step,
        "state": {"w": {"momentum_buffer" or "exp_avg" ...: [...], "step": n}, "b": ...} at the end}
  A group's options are all that were given; the rest are PyTorch's defaults.
  schedule: {"name": unique name, "scheduler": name, "options": {...}, "base_lr": one per group,
             "lr": for each group the 25 rates of epochs 0 to 24 (float64)}
All trajectories are float32, by PyTorch's single-tensor code (foreach=False, fused off).
"""

import torch

from common import values, write

STEPS = 12
SHAPES = {"w": [3, 4], "b": [4]}
EPOCHS = 25


def rounded(tensor):
    """Three decimals, so that the file is short."""
    return (tensor * 1000).round() / 1000


torch.manual_seed(2)
START = {name: rounded(torch.randn(shape)) for name, shape in SHAPES.items()}
GRADIENTS = [
    {name: rounded(torch.randn(shape)) for name, shape in SHAPES.items()} for _ in range(STEPS)
]
for step, gradient in enumerate(GRADIENTS):
    gradient["w"][0, 0] = 0.0  # never any gradient
    gradient["w"][1, 1] *= 1e-6  # where eps counts
    gradient["w"][2, 2] *= 64
    gradient["b"][step % 4] = 0.0

runs = []
schedules = []


def flat(tensors):
    return {name: values(tensor) for name, tensor in tensors.items()}


def state_of(optimizer, parameter):
    out = {}
    for key, value in optimizer.state[parameter].items():
        if isinstance(value, torch.Tensor):
            out[key] = value.item() if value.dim() == 0 else values(value)
        else:
            out[key] = value
    return out


def run(name, optimizer, groups=None, missing=(), **options):
    """One trajectory: every parameter in one group with `options`, or the groups given."""
    groups = groups or [{"params": ["w", "b"], **options}]
    parameters = {n: torch.nn.Parameter(t.clone()) for n, t in START.items()}
    given = [{**g, "params": [parameters[n] for n in g["params"]]} for g in groups]
    single = {"foreach": False}
    if optimizer in ("SGD", "Adam", "AdamW", "Adagrad"):
        single["fused"] = False if optimizer != "Adagrad" else None
    rule = getattr(torch.optim, optimizer)(given, **single)
    steps = []
    for step, gradient in enumerate(GRADIENTS):
        for n, parameter in parameters.items():
            parameter.grad = None if [step, n] in list(missing) else gradient[n].clone()
        rule.step()
        steps.append(flat(parameters))
    assert all(r["name"] != name for r in runs), name
    runs.append(
        {
            "name": name,
            "optimizer": optimizer,
            "groups": groups,
            "missing": list(missing),
            "steps": steps,
            "state": {n: state_of(rule, p) for n, p in parameters.items()},
        }
    )


def sgd():
    run("SGD", "SGD", lr=0.1)
    run("SGD default lr", "SGD")
    run("SGD weight_decay", "SGD", lr=0.1, weight_decay=0.05)
    run("SGD maximize", "SGD", lr=0.1, maximize=True)
    run("SGD momentum", "SGD", lr=0.1, momentum=0.9)
    run("SGD dampening", "SGD", lr=0.1, momentum=0.9, dampening=0.3)
    run("SGD nesterov", "SGD", lr=0.1, momentum=0.9, nesterov=True)
    run("SGD everything", "SGD", lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.1)
    run("SGD momentum maximize", "SGD", lr=0.05, momentum=0.8, weight_decay=0.1, maximize=True)
    run(
        "SGD two groups",
        "SGD",
        [
            {"params": ["w"], "lr": 0.1, "momentum": 0.9},
            {"params": ["b"], "lr": 0.01, "momentum": 0.5, "weight_decay": 0.1},
        ],
    )
    run(
        "SGD momentum, gradients missing",
        "SGD",
        missing=[[0, "b"], [5, "b"], [6, "w"]],
        lr=0.1,
        momentum=0.9,
        dampening=0.5,
    )


def adam():
    for rule in ("Adam", "AdamW"):
        run(rule, rule)
        run(f"{rule} lr", rule, lr=0.05)
        run(f"{rule} betas and eps", rule, lr=0.01, betas=[0.8, 0.95], eps=1e-4)
        run(f"{rule} weight_decay", rule, lr=0.01, weight_decay=0.1)
        run(f"{rule} amsgrad", rule, lr=0.01, amsgrad=True)
        run(f"{rule} maximize", rule, lr=0.01, maximize=True)
        run(f"{rule} everything", rule, lr=0.02, betas=[0.7, 0.9], weight_decay=0.2, amsgrad=True)
        run(
            f"{rule} two groups",
            rule,
            [
                {"params": ["w"], "lr": 0.01},
                {"params": ["b"], "lr": 0.1, "betas": [0.5, 0.9], "weight_decay": 0.1},
            ],
        )
        run(f"{rule}, gradients missing", rule, missing=[[0, "b"], [5, "b"], [6, "w"]], lr=0.01)
    run("AdamW without weight_decay", "AdamW", lr=0.01, weight_decay=0.0)


def others():
    run("RMSprop", "RMSprop")
    run("RMSprop alpha and eps", "RMSprop", lr=0.01, alpha=0.9, eps=1e-4)
    run("RMSprop momentum", "RMSprop", lr=0.01, momentum=0.9)
    run("RMSprop centered", "RMSprop", lr=0.01, centered=True, weight_decay=0.1)
    run("RMSprop everything", "RMSprop", lr=0.01, momentum=0.5, centered=True, maximize=True)
    run("Adagrad", "Adagrad")
    run("Adagrad lr_decay", "Adagrad", lr=0.1, lr_decay=0.1)
    run("Adagrad weight_decay", "Adagrad", lr=0.1, weight_decay=0.1)
    run("Adagrad start", "Adagrad", lr=0.1, initial_accumulator_value=0.5, eps=1e-6)


def schedule(name, scheduler, base_lr, **options):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in base_lr]
    rule = torch.optim.SGD(groups, lr=1.0)
    scheduled = getattr(torch.optim.lr_scheduler, scheduler)(rule, **options)
    rates = [[] for _ in base_lr]
    for _ in range(EPOCHS):
        for group, rate in zip(rule.param_groups, rates):
            rate.append(float(group["lr"]))
        rule.step()
        scheduled.step()
    schedules.append(
        {
            "name": name,
            "scheduler": scheduler,
            "options": options,
            "base_lr": base_lr,
            "lr": rates,
        }
    )


def schedulers():
    schedule("StepLR", "StepLR", [0.1], step_size=7)
    schedule("StepLR gamma, two groups", "StepLR", [0.1, 0.003], step_size=4, gamma=0.5)
    schedule("CosineAnnealingLR", "CosineAnnealingLR", [0.1], T_max=24)
    schedule("CosineAnnealingLR beyond T_max", "CosineAnnealingLR", [0.1], T_max=10, eta_min=0.001)
    schedule(
        "CosineAnnealingLR two groups", "CosineAnnealingLR", [0.1, 0.02], T_max=7, eta_min=0.01
    )
    schedule("MultiStepLR", "MultiStepLR", [0.1], milestones=[3, 10, 18])
    schedule("MultiStepLR twice", "MultiStepLR", [0.1], milestones=[3, 10, 10, 18], gamma=0.5)
    schedule("ExponentialLR", "ExponentialLR", [0.1], gamma=0.9)
    schedule("LinearLR", "LinearLR", [0.1])
    schedule(
        "LinearLR options", "LinearLR", [0.1], start_factor=0.1, end_factor=0.9, total_iters=12
    )


for part in [sgd, adam, others, schedulers]:
    part()
write(
    __file__,
    {
        "start": [flat(START)],
        "gradients": [flat(g) for g in GRADIENTS],
        "runs": runs,
        "schedules": schedules,
    },
)
