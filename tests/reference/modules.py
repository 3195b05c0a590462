# SPDX-License-Identifier: MIT
"""Makes data/modules.json: names, initialisation and numbers of modules and losses.

Layout: {"state_dicts": [...], "inits": [...], "cases": [...]}
  state_dict: {"name": unique name, "code": the module, in Python,
               "entries": [[name, shape, dtype], ...] in state_dict's order,
               "parameters": [names], "buffers": [names], each in its own order}
  init: {"module": "Linear|Conv2d|...", "options": {...}, "tensor": name, "distribution": "uniform|
         normal|constant", "bound" | "std" | "value": number, "zero_row": i (Embedding's padding)}
  case: {"name": unique name, "module": class in torch.nn, "mode": "train|eval",
         "options": {...} (a loss's weight and pos_weight are ARRAYs),
         "params": {name: ARRAY}, "buffers": {name: ARRAY} (before), "inputs": {name: ARRAY},
         "grad_output": ARRAY, "output": ARRAY,
         "grads": {name of a parameter or a floating-point input: ARRAY},
         "buffers_after": {name: ARRAY} (where changed)}
  ARRAY: {"shape": [...], "data": [...]}, float64 unless it has "dtype": "i64" or "bool".
The cases' inputs are multiples of 1/8, so exact in float32 and bfloat16 too; the outputs and
gradients are float64, of sum(output * grad_output).
"""

import math

import torch
from torch import nn

from common import SHORT, array, write

torch.manual_seed(3)
state_dicts = []
inits = []
cases = []


def eighths(*shape, low=-16, high=16):
    return torch.randint(low, high + 1, shape).double() / 8


def distinct(*shape):
    """No two elements are equal, so that no maximum is tied."""
    n = math.prod(shape)
    return ((torch.randperm(n) - n // 2).double() / 8).reshape(shape)


def put(tensor):
    entry = array(tensor)
    if not tensor.is_floating_point():
        entry["dtype"] = SHORT[tensor.dtype]
    return entry


def state_dict(name, code, module):
    state_dicts.append(
        {
            "name": name,
            "code": code,
            "entries": [[k, list(v.shape), SHORT[v.dtype]] for k, v in module.state_dict().items()],
            "parameters": [k for k, _ in module.named_parameters()],
            "buffers": [k for k, _ in module.named_buffers()],
        }
    )


class Block(nn.Module):
    """Registers in an order that mixes modules, parameters and buffers."""

    def __init__(self):
        super().__init__()
        self.register_buffer("steps", torch.zeros(3, dtype=torch.int64))
        self.fc = nn.Linear(3, 2)
        self.scale = nn.Parameter(torch.ones(2))
        self.norm = nn.LayerNorm(2)
        self.register_buffer("mask", torch.ones(2, 2, dtype=torch.bool))
        self.register_buffer("scratch", torch.zeros(1), persistent=False)
        self.shift = nn.Parameter(torch.zeros(1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.block = Block()
        self.layers = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 2, bias=False))
        self.table = nn.Embedding(5, 3)
        self.gain = nn.Parameter(torch.ones(()))


def all_state_dicts():
    nested = nn.Sequential(
        nn.Linear(4, 3), nn.ReLU(), nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))
    )
    for code in [
        "nn.Linear(3, 2)",
        "nn.Linear(3, 2, bias=False)",
        "nn.Conv2d(2, 4, 3)",
        "nn.Conv2d(4, 6, (3, 5), groups=2, bias=False)",
        "nn.BatchNorm1d(3)",
        "nn.BatchNorm1d(3, affine=False)",
        "nn.BatchNorm2d(4)",
        "nn.BatchNorm2d(4, track_running_stats=False)",
        "nn.LayerNorm(5)",
        "nn.LayerNorm((2, 3))",
        "nn.LayerNorm(5, bias=False)",
        "nn.LayerNorm(5, elementwise_affine=False)",
        "nn.Embedding(7, 3)",
        "nn.Dropout(0.5)",
        "nn.ReLU()",
        "nn.Flatten()",
        "nn.MaxPool2d(2)",
        "nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.Flatten(), nn.Linear(72, 10))",
    ]:
        state_dict(code, code, eval(code))
    state_dict(
        "nested Sequential",
        "nn.Sequential(nn.Linear(4, 3), nn.ReLU(), "
        "nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)))",
        nested,
    )
    state_dict(
        "Block",
        "buffer steps (3, i64); fc = Linear(3, 2); parameter scale (2); norm = LayerNorm(2); "
        "buffer mask (2, 2, bool); buffer scratch (1), not persistent; parameter shift (1)",
        Block(),
    )
    state_dict(
        "Net",
        "block = Block; layers = Sequential(Linear(2, 4), ReLU, Linear(4, 2, bias=False)); "
        "table = Embedding(5, 3); parameter gain (0-d)",
        Net(),
    )


def init(module, options, tensor, distribution, **expected):
    """States what a tensor starts with, after a look at samples of it."""
    value = getattr(getattr(nn, module)(**options), tensor).detach()
    rows = [i for i in range(value.shape[0]) if i != expected.get("zero_row")]
    flat = value[rows].flatten()
    if distribution == "uniform":
        assert flat.abs().max() <= expected["bound"]
        if flat.numel() > 100:
            assert flat.abs().max() > 0.9 * expected["bound"]
    elif distribution == "normal":
        assert abs(flat.std() - expected["std"]) < 0.2
    else:
        assert (flat == expected["value"]).all()
    inits.append(
        {
            "module": module,
            "options": options,
            "tensor": tensor,
            "distribution": distribution,
            **expected,
        }
    )


def all_inits():
    for n_in, n_out in [(1, 64), (3, 50), (64, 32), (784, 128)]:
        options = {"in_features": n_in, "out_features": n_out}
        for tensor in ("weight", "bias"):
            init("Linear", options, tensor, "uniform", bound=1 / math.sqrt(n_in))
    for n_in, n_out, kernel, groups in [
        (1, 16, 3, 1),
        (16, 32, 3, 1),
        (8, 64, 5, 4),
        (6, 60, 1, 2),
    ]:
        options = {"in_channels": n_in, "out_channels": n_out, "kernel_size": kernel}
        options["groups"] = groups
        fan_in = n_in // groups * kernel * kernel
        for tensor in ("weight", "bias"):
            init("Conv2d", options, tensor, "uniform", bound=1 / math.sqrt(fan_in))
    table = {"num_embeddings": 50, "embedding_dim": 20}
    init("Embedding", table, "weight", "normal", std=1.0)
    init("Embedding", {**table, "padding_idx": 7}, "weight", "normal", std=1.0, zero_row=7)
    for module in ("BatchNorm1d", "BatchNorm2d"):
        for tensor, value in [("weight", 1), ("bias", 0), ("running_mean", 0), ("running_var", 1)]:
            init(module, {"num_features": 5}, tensor, "constant", value=value)
    init("LayerNorm", {"normalized_shape": [5]}, "weight", "constant", value=1)
    init("LayerNorm", {"normalized_shape": [5]}, "bias", "constant", value=0)


def case(name, module, options=None, mode="train", tensors=None, buffers=None, **inputs):
    """One forward and backward; parameters are drawn, `tensors` are options that are tensors."""
    options = options or {}
    tensors = tensors or {}
    made = getattr(nn, module)(**options, **tensors).double()
    for parameter in made.parameters():
        parameter.data = eighths(*parameter.shape)
    if module == "Embedding" and options.get("padding_idx") is not None:
        made.weight.data[options["padding_idx"]] = 0
    for key, value in (buffers or {}).items():
        getattr(made, key).copy_(value)
    made.train(mode == "train")
    state = {k: v for k, v in made.named_buffers() if k not in tensors}
    before = {k: put(v.clone()) for k, v in state.items()}
    inputs = {k: v.clone().requires_grad_(v.is_floating_point()) for k, v in inputs.items()}
    output = made(*inputs.values())
    grad_output = eighths(*output.shape)
    if output.dim() == 0:
        grad_output = torch.ones((), dtype=torch.float64)
    output.backward(grad_output)
    grads = {k: put(v.grad) for k, v in inputs.items() if v.grad is not None}
    grads.update({k: put(p.grad) for k, p in made.named_parameters()})
    after = {k: put(v) for k, v in state.items() if put(v) != before[k]}
    assert all(c["name"] != name for c in cases), name
    cases.append(
        {
            "name": name,
            "module": module,
            "options": {**options, **{k: put(v) for k, v in tensors.items()}},
            "mode": mode,
            "params": {k: put(p) for k, p in made.named_parameters()},
            "buffers": before,
            "inputs": {k: put(v) for k, v in inputs.items()},
            "grad_output": put(grad_output),
            "output": put(output),
            "grads": grads,
            "buffers_after": after,
        }
    )


def linear():
    options = {"in_features": 3, "out_features": 2}
    case("Linear", "Linear", options, input=eighths(4, 3))
    case("Linear without bias", "Linear", {**options, "bias": False}, input=eighths(4, 3))
    case("Linear of a vector", "Linear", options, input=eighths(3))
    case("Linear of 3-d", "Linear", options, input=eighths(2, 2, 3))
    case("Linear of no rows", "Linear", options, input=eighths(0, 3))


def conv2d():
    def conv(name, n_in, n_out, kernel, shape, **more):
        options = {"in_channels": n_in, "out_channels": n_out, "kernel_size": kernel, **more}
        case(f"Conv2d {name}".strip(), "Conv2d", options, input=eighths(*shape))

    conv("", 1, 2, 3, [2, 1, 4, 5])
    conv("without bias", 2, 2, 2, [1, 2, 3, 3], bias=False)
    conv("stride", 1, 2, 3, [1, 1, 7, 6], stride=2)
    conv("padding", 2, 1, 3, [1, 2, 3, 4], padding=1)
    conv("stride and padding", 1, 2, 3, [1, 1, 5, 6], stride=2, padding=1)
    conv("dilation", 1, 2, 2, [1, 1, 5, 4], dilation=2)
    conv("groups", 4, 2, 2, [1, 4, 3, 3], groups=2)
    conv("depthwise", 2, 4, 3, [1, 2, 4, 4], groups=2, padding=1)
    conv("1x1", 3, 2, 1, [2, 3, 2, 2])
    conv("uneven", 1, 1, [2, 3], [1, 1, 5, 6], stride=[2, 1], padding=[0, 1], dilation=[2, 1])
    conv("padding larger than the input", 1, 1, 3, [1, 1, 1, 1], padding=2)
    conv("of no images", 1, 2, 2, [0, 1, 3, 3])
    conv("of one image without a batch", 2, 2, 2, [2, 3, 3])
    conv("padding same", 1, 2, 3, [1, 1, 4, 4], padding="same")


def max_pool2d():
    def pool(name, kernel, input, **more):
        case(f"MaxPool2d {name}".strip(), "MaxPool2d", {"kernel_size": kernel, **more}, input=input)

    pool("", 2, distinct(1, 2, 4, 4))
    pool("stride and padding", 3, distinct(1, 1, 5, 5), stride=2, padding=1)
    pool("overlapping", 2, distinct(2, 1, 3, 4), stride=1)
    pool("leaves a rest", 2, distinct(1, 1, 5, 5))
    pool("ceil_mode", 2, distinct(1, 1, 5, 5), ceil_mode=True)
    pool("uneven", [2, 3], distinct(1, 1, 5, 6), stride=[1, 2])
    pool("dilation", 2, distinct(1, 1, 5, 5), stride=1, dilation=2)
    pool("without a batch", 2, distinct(2, 4, 4))
    pool("ties", 2, torch.ones(1, 1, 4, 4, dtype=torch.float64))
    nan = distinct(1, 1, 4, 4)
    nan[0, 0, 0, 1] = nan[0, 0, 3, 3] = float("nan")
    nan[0, 0, 2, 0] = float("inf")
    nan[0, 0, 0:2, 2:4] = -float("inf")
    pool("nan and inf", 2, nan)


def norms():
    for module, shapes in [
        ("BatchNorm1d", {"2-d": [4, 3], "3-d": [2, 3, 4]}),
        ("BatchNorm2d", {"4-d": [2, 3, 2, 2]}),
    ]:
        for dims, shape in shapes.items():
            start = {
                "running_mean": eighths(3),
                "running_var": eighths(3, low=1),
                "num_batches_tracked": torch.tensor(4),
            }
            features = {"num_features": 3}
            for mode in ("train", "eval"):
                name = f"{module} {dims} {mode}"
                case(name, module, features, mode, buffers=start, input=eighths(*shape))
        options = {**features, "momentum": 0.25, "eps": 1e-3}
        case(f"{module} momentum and eps", module, options, input=eighths(*shape))
        options = {**features, "momentum": None}
        case(f"{module} momentum None", module, options, buffers=start, input=eighths(*shape))
        options = {**features, "affine": False}
        case(f"{module} without affine", module, options, input=eighths(*shape))
        options = {**features, "track_running_stats": False}
        case(f"{module} without statistics", module, options, "eval", input=eighths(*shape))
    case("LayerNorm", "LayerNorm", {"normalized_shape": [4]}, input=eighths(3, 4))
    case("LayerNorm of 2 dims", "LayerNorm", {"normalized_shape": [2, 3]}, input=eighths(2, 2, 3))
    options = {"normalized_shape": [4], "eps": 0.01}
    case("LayerNorm eps", "LayerNorm", options, input=eighths(2, 2, 4))
    options = {"normalized_shape": [4], "elementwise_affine": False}
    case("LayerNorm without affine", "LayerNorm", options, input=eighths(3, 4))
    options = {"normalized_shape": [4], "bias": False}
    case("LayerNorm without bias", "LayerNorm", options, input=eighths(3, 4))
    constant = torch.ones(2, 4, dtype=torch.float64)
    case("LayerNorm of a constant", "LayerNorm", {"normalized_shape": [4]}, input=constant)


def embedding():
    table = {"num_embeddings": 5, "embedding_dim": 3}
    indices = torch.tensor([[0, 2, 2], [4, 1, 2]])
    case("Embedding", "Embedding", table, input=indices)
    case("Embedding padding_idx", "Embedding", {**table, "padding_idx": 2}, input=indices)
    case("Embedding padding_idx -1", "Embedding", {**table, "padding_idx": -1}, input=indices)
    case("Embedding of one index", "Embedding", table, input=torch.tensor(3))
    case("Embedding of none", "Embedding", table, input=torch.zeros(0, dtype=torch.int64))


def activations():
    inf = float("inf")
    x = torch.tensor([-100.0, -8.0, -2.5, -0.5, -0.0, 0.0, 0.125, 1.0, 3.0, 8.0, 100.0]).double()
    ends = torch.tensor([-inf, inf, float("nan")]).double()
    for name, options in [
        ("ReLU", {}),
        ("Sigmoid", {}),
        ("Tanh", {}),
        ("GELU", {"approximate": "none"}),
        ("GELU", {"approximate": "tanh"}),
        ("SiLU", {}),
        ("Softplus", {}),
        ("LeakyReLU", {"negative_slope": 0.25}),
        ("ELU", {}),
    ]:
        more = f" {options['approximate']}" if "approximate" in options else ""
        case(f"{name}{more}", name, options, input=x)
        case(f"{name}{more} of inf and nan", name, options, input=ends)
    for name in ("Softmax", "LogSoftmax"):
        for dim in (0, 1, -1):
            case(f"{name} dim {dim}", name, {"dim": dim}, input=eighths(2, 3, 2))
        case(
            f"{name} of large numbers",
            name,
            {"dim": 0},
            input=torch.tensor([1e4, 0, -1e4]).double(),
        )
    case("Flatten", "Flatten", input=eighths(2, 2, 3))
    case("Flatten dims", "Flatten", {"start_dim": 0, "end_dim": 1}, input=eighths(2, 2, 3))
    case("Dropout eval", "Dropout", {"p": 0.5}, "eval", input=eighths(4))
    case("Dropout of nothing", "Dropout", {"p": 0.0}, input=eighths(4))
    case("Dropout of everything", "Dropout", {"p": 1.0}, input=eighths(4))


REDUCTIONS = ("mean", "sum", "none")


def class_losses():
    target = torch.tensor([2, 0, 1, 2])
    ignored = torch.tensor([2, -100, 1, -100])
    weight = {"weight": torch.tensor([0.5, 2.0, 1.25]).double()}
    for module in ("CrossEntropyLoss", "NLLLoss"):

        def loss(name, options=None, tensors=None, target=target, input=None):
            input = eighths(4, 3) if input is None else input
            case(f"{module} {name}", module, options, tensors=tensors, input=input, target=target)

        for reduction in REDUCTIONS:
            loss(reduction, {"reduction": reduction})
            loss(f"weight {reduction}", {"reduction": reduction}, weight)
            loss(f"ignored {reduction}", {"reduction": reduction}, target=ignored)
            loss(f"weight, ignored {reduction}", {"reduction": reduction}, weight, ignored)
        loss("ignore_index", {"ignore_index": 1})
        loss("ignore_index of a class, weight", {"ignore_index": 2}, weight)
        loss("all ignored", target=torch.full((4,), -100))
        loss("all ignored sum", {"reduction": "sum"}, target=torch.full((4,), -100))
        loss("of one sample", target=torch.tensor(1), input=eighths(3))
        loss("of no samples", target=torch.zeros(0, dtype=torch.int64), input=eighths(0, 3))
        pixels = torch.tensor([[[0, 1], [2, -100]], [[1, 1], [0, 2]]])
        loss("of images", None, weight, pixels, eighths(2, 3, 2, 2))
    module = "CrossEntropyLoss"
    for reduction in REDUCTIONS:
        options = {"reduction": reduction, "label_smoothing": 0.1}
        loss_input = eighths(4, 3)
        case(f"{module} smoothed {reduction}", module, options, input=loss_input, target=target)
        name = f"{module} smoothed, weight, ignored {reduction}"
        case(name, module, options, tensors=weight, input=loss_input, target=ignored)
    shares = torch.tensor([[0.25, 0.5, 0.25], [1.0, 0.0, 0.0]]).double()
    for name, options, tensors in [
        ("of probabilities", {}, None),
        ("of probabilities, weight", {"reduction": "sum"}, weight),
        ("of probabilities, smoothed", {"label_smoothing": 0.2}, weight),
    ]:
        x = eighths(2, 3)
        case(f"{module} {name}", module, options, tensors=tensors, input=x, target=shares)
    x = torch.tensor([[1000.0, 0.0, -1000.0], [-1000.0, 1000.0, 0.0]]).double()
    case(f"{module} of large logits", module, input=x, target=torch.tensor([0, 0]))


def other_losses():
    target = torch.tensor([[0.0, 1.0, 1.0], [1.0, 0.0, 0.25]]).double()
    module = "BCEWithLogitsLoss"
    per_class = torch.tensor([0.5, 1.0, 3.0]).double()
    for reduction in REDUCTIONS:
        options = {"reduction": reduction}
        for name, tensors in [
            ("", {}),
            ("pos_weight ", {"pos_weight": per_class}),
            ("weight ", {"weight": per_class.flip(0)}),
            ("both ", {"pos_weight": per_class, "weight": per_class.flip(0)}),
        ]:
            name = f"{module} {name}{reduction}"
            case(name, module, options, tensors=tensors, input=eighths(2, 3), target=target)
        for regression in ("MSELoss", "L1Loss", "SmoothL1Loss", "HuberLoss"):
            name = f"{regression} {reduction}"
            case(name, regression, options, input=eighths(2, 3), target=eighths(2, 3))
    x = torch.tensor([[100.0, -100.0, 0.0], [-1000.0, 1000.0, 30.0]]).double()
    case(f"{module} of large logits", module, input=x, target=target)
    case("MSELoss of nothing", "MSELoss", input=eighths(0, 3), target=eighths(0, 3))


for part in [
    all_state_dicts,
    all_inits,
    linear,
    conv2d,
    max_pool2d,
    norms,
    embedding,
    activations,
    class_losses,
    other_losses,
]:
    part()
write(__file__, {"state_dicts": state_dicts, "inits": inits, "cases": cases})
