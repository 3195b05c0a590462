# SPDX-License-Identifier: MIT
"""Makes data/layers.json: numbers of layers, losses and functions of several inputs and outputs.

Layout: {"state_dicts": [...], "cases": [...]}
  state_dict: {"code": the module, in Python, "entries": [[name, shape], ...] in state_dict's order,
               "text": what Python prints of it}
  case: {"name": unique name, "module": class in torch.nn, or "F.name" of torch.nn.functional,
         "options": {...} (tensors among them are ARRAYs), "mode": "train|eval",
         "params": {name: ARRAY}, "buffers": {name: ARRAY} (before), "inputs": [ARRAY, ...],
         "call": {...} (what the call is given by name, beside the inputs; tensors are ARRAYs),
         "outputs": [ARRAY, ...], "grad_outputs": [ARRAY, ...],
         "grads": {"0": ARRAY of input 0, ..., name of a parameter: ARRAY} (but for those with a
         NaN, which PyTorch has where it masks a logarithm of 0),
         "buffers_after": {name: ARRAY} (where changed)}
         With "lengths" in "call", a recurrent layer is given its input packed; outputs are padded.
         CTCLoss is given log_softmax of its first input.
  ARRAY: {"shape": [...], "data": [...]}, float64 unless it has "dtype": "i64" or "bool".
Inputs are multiples of 1/8 (probabilities of 1/32); gradients are those of the sum of
outputs * grad_outputs.
"""

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import rnn

from common import SHORT, array, write

torch.manual_seed(5)
state_dicts = []
cases = []


def eighths(*shape, low=-16, high=16):
    return torch.randint(low, high + 1, shape).double() / 8


def put(value):
    if not isinstance(value, torch.Tensor):
        return value
    entry = array(value)
    if not value.is_floating_point():
        entry["dtype"] = SHORT[value.dtype]
    return entry


def flat(result):
    if isinstance(result, torch.Tensor):
        return [result]
    return [t for part in result if part is not None for t in flat(part)]


def packed(made, arguments, lengths):
    """The padded outputs of the packed input, and the states."""
    first = made.batch_first
    sequence = rnn.pack_padded_sequence(arguments[0], lengths, first, enforce_sorted=False)
    output, states = made(sequence, *arguments[1:])
    return [rnn.pad_packed_sequence(output, first, padding_value=0.5)[0], *flat(states)]


def case(name, module, *inputs, phase="train", call=None, buffers=None, **options):
    """One forward and backward; parameters are drawn."""
    call = call or {}
    inputs = [
        x.clone().requires_grad_(x.is_floating_point()) if isinstance(x, torch.Tensor) else x
        for x in inputs
    ]
    params, state = {}, {}
    if module.startswith("F."):
        given = {**options, **call}
        outputs = flat(getattr(F, module[2:])(*inputs, **given))
    else:
        tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
        made = getattr(nn, module)(**tuples).double()
        params = dict(made.named_parameters())
        for p in params.values():
            p.data = eighths(*p.shape, low=-8, high=8)
        for key, value in (buffers or {}).items():
            getattr(made, key).copy_(value)
        made.train(phase == "train")
        state = {k: v for k, v in made.named_buffers() if k not in options}
        before = {k: put(v.clone()) for k, v in state.items()}
        arguments = inputs
        if module in ("LSTM", "LSTMCell") and len(inputs) == 3:
            arguments = [inputs[0], (inputs[1], inputs[2])]
        if module == "CTCLoss":  # of logits: PyTorch's gradient is only right behind a log_softmax
            arguments = [inputs[0].log_softmax(-1), *inputs[1:]]
        if "lengths" in call:
            outputs = packed(made, arguments, call["lengths"])
        else:
            outputs = flat(made(*arguments, **call))
    grad_outputs = [eighths(*o.shape) for o in outputs]
    wanted = [(str(i), x) for i, x in enumerate(inputs) if x.is_floating_point()]
    wanted += list(params.items())
    grads = torch.autograd.grad(outputs, [x for _, x in wanted], grad_outputs, allow_unused=True)
    assert all(c["name"] != name for c in cases), name
    cases.append(
        {
            "name": name,
            "module": module,
            "options": {k: put(v) for k, v in options.items()},
            "mode": phase,
            "params": {k: put(p) for k, p in params.items()},
            "buffers": {} if module.startswith("F.") else before,
            "inputs": [put(x) for x in inputs],
            "call": {k: put(v) for k, v in call.items()},
            "outputs": [put(o) for o in outputs],
            "grad_outputs": [put(g) for g in grad_outputs],
            "grads": {k: put(g) for (k, _), g in zip(wanted, grads) if g is not None and not g.isnan().any()},
            "buffers_after": {k: put(v) for k, v in state.items() if put(v) != before[k]},
        }
    )


REDUCTIONS = ("mean", "sum", "none")


def losses():
    signs = torch.tensor([[1, -1, 1], [-1, 1, -1]])
    zero_to_one = torch.tensor([[0.0, 0.03125, 0.5], [1.0, 0.96875, 0.25]]).double()
    bits = torch.tensor([[0.0, 1.0, 0.25], [0.0, 1.0, 1.0]]).double()
    per_class = torch.tensor([0.5, 1.0, 3.0]).double()
    for r in REDUCTIONS:
        two = [eighths(2, 3), eighths(2, 3)]
        case(f"SmoothL1Loss beta {r}", "SmoothL1Loss", *two, reduction=r, beta=0.5)
        case(f"HuberLoss delta {r}", "HuberLoss", *two, reduction=r, delta=0.75)
        case(f"BCELoss {r}", "BCELoss", zero_to_one, bits, reduction=r)
        case(f"BCELoss weight {r}", "BCELoss", zero_to_one, bits, reduction=r, weight=per_class)
        case(f"SoftMarginLoss {r}", "SoftMarginLoss", eighths(2, 3), signs, reduction=r)
        case(f"HingeEmbeddingLoss {r}", "HingeEmbeddingLoss", eighths(2, 3), signs, reduction=r)
        three = [eighths(4), eighths(4), torch.tensor([1, -1, -1, 1])]
        case(f"MarginRankingLoss {r}", "MarginRankingLoss", *three, reduction=r, margin=0.5)
        rows = [eighths(4, 3), eighths(4, 3), torch.tensor([1, -1, -1, 1])]
        case(f"CosineEmbeddingLoss {r}", "CosineEmbeddingLoss", *rows, reduction=r, margin=0.25)
        rows = [eighths(4, 3), eighths(4, 3), eighths(4, 3)]
        case(f"TripletMarginLoss {r}", "TripletMarginLoss", *rows, reduction=r)
        classes = torch.tensor([2, 0])
        case(f"MultiMarginLoss {r}", "MultiMarginLoss", eighths(2, 3), classes, reduction=r)
        case(
            f"MultiLabelSoftMarginLoss {r}", "MultiLabelSoftMarginLoss", eighths(2, 3), bits,
            reduction=r, weight=per_class,
        )  # fmt: skip
    logs, shares = eighths(2, 3), torch.tensor([[0.25, 0.625, 0.125], [0.5, 0.125, 0.375]]).double()
    for r in (*REDUCTIONS, "batchmean"):
        case(f"KLDivLoss {r}", "KLDivLoss", logs, shares, reduction=r)
        case(f"KLDivLoss log_target {r}", "KLDivLoss", logs, logs.flip(0), reduction=r, log_target=True)
    case("KLDivLoss of zeros", "KLDivLoss", logs, torch.tensor([[0.25, 0.75, 0.0], [1.0, 0.0, 0.0]]).double())
    counts = torch.tensor([[0.0, 1.0, 2.0], [5.0, 3.0, 1.5]]).double()
    for full in (False, True):
        case(f"PoissonNLLLoss full {full}", "PoissonNLLLoss", eighths(2, 3), counts, full=full)
        positive = eighths(2, 3, low=1)
        case(f"PoissonNLLLoss of rates, full {full}", "PoissonNLLLoss", positive, counts,
             log_input=False, full=full)  # fmt: skip
    case("SmoothL1Loss beta 0", "SmoothL1Loss", eighths(2, 3), eighths(2, 3), beta=0.0)
    case("HingeEmbeddingLoss margin", "HingeEmbeddingLoss", eighths(2, 3), signs, margin=2.5)
    rows = [eighths(4, 3), eighths(4, 3), eighths(4, 3)]
    case("TripletMarginLoss swap", "TripletMarginLoss", *rows, swap=True, margin=2.0)
    case("TripletMarginLoss p 1", "TripletMarginLoss", *rows, p=1.0)
    one = [eighths(3), eighths(3), torch.tensor(-1)]
    case("CosineEmbeddingLoss of vectors", "CosineEmbeddingLoss", *one, margin=-0.5)
    case("MultiMarginLoss p 2", "MultiMarginLoss", eighths(2, 3), torch.tensor([1, 1]), p=2,
         margin=0.5, weight=per_class)  # fmt: skip
    case("MultiMarginLoss of one", "MultiMarginLoss", eighths(3), torch.tensor(1))


def distances():
    two = [eighths(2, 3), eighths(2, 3)]
    case("CosineSimilarity", "CosineSimilarity", *two)
    case("CosineSimilarity dim 0", "CosineSimilarity", *two, dim=0)
    case("CosineSimilarity of zeros", "CosineSimilarity", torch.zeros(1, 3).double(), eighths(1, 3))
    case("CosineSimilarity large eps", "CosineSimilarity", *two, eps=3.0)
    case("CosineSimilarity broadcast", "CosineSimilarity", eighths(2, 3), eighths(1, 3))
    case("PairwiseDistance", "PairwiseDistance", *two)
    case("PairwiseDistance p 1 keepdim", "PairwiseDistance", *two, p=1.0, keepdim=True)
    case("F.normalize", "F.normalize", eighths(2, 3))
    case("F.normalize p 1 dim 0", "F.normalize", eighths(2, 3), p=1.0, dim=0)
    case("Bilinear", "Bilinear", eighths(2, 3), eighths(2, 2), in1_features=3, in2_features=2,
         out_features=2)  # fmt: skip
    case("Bilinear of 3-d, no bias", "Bilinear", eighths(2, 2, 3), eighths(2, 2, 2), in1_features=3,
         in2_features=2, out_features=2, bias=False)  # fmt: skip


def convolutions():
    def conv(name, module, n_in, n_out, kernel, shape, **more):
        case(f"{module} {name}".strip(), module, eighths(*shape), in_channels=n_in,
             out_channels=n_out, kernel_size=kernel, **more)  # fmt: skip

    conv("", "Conv1d", 2, 3, 3, [2, 2, 6])
    conv("of one", "Conv1d", 2, 2, 2, [2, 5])
    conv("everything", "Conv1d", 4, 2, 3, [1, 4, 9], stride=2, padding=2, dilation=2, groups=2)
    conv("same", "Conv1d", 1, 2, 4, [1, 1, 6], padding="same")
    conv("same", "Conv2d", 1, 2, [3, 2], [1, 1, 4, 4], padding="same", dilation=[1, 2])
    conv("valid", "Conv2d", 1, 2, 2, [1, 1, 3, 3], padding="valid")
    conv("reflect", "Conv2d", 1, 1, 3, [1, 1, 4, 5], padding=[1, 2], padding_mode="reflect")
    conv("circular", "Conv1d", 1, 1, 3, [1, 1, 4], padding=1, padding_mode="circular")
    conv("replicate", "Conv1d", 1, 1, 2, [1, 1, 4], padding=2, padding_mode="replicate")
    conv("", "ConvTranspose2d", 2, 3, 3, [1, 2, 3, 2])
    conv("stride", "ConvTranspose2d", 2, 2, 2, [2, 2, 2, 3], stride=2, bias=False)
    conv("as a generator's", "ConvTranspose2d", 2, 1, 4, [1, 2, 3, 3], stride=2, padding=1)
    conv("output_padding", "ConvTranspose2d", 1, 2, 3, [1, 1, 2, 2], stride=[2, 3], padding=1,
         output_padding=[1, 2])  # fmt: skip
    conv("groups, dilation", "ConvTranspose2d", 4, 4, 2, [1, 4, 2, 3], groups=2, dilation=2)
    conv("of one", "ConvTranspose2d", 2, 1, 2, [2, 3, 2])
    conv("", "ConvTranspose1d", 2, 3, 3, [2, 2, 4])
    conv("everything", "ConvTranspose1d", 4, 2, 3, [1, 4, 3], stride=3, padding=1, output_padding=2,
         groups=2, dilation=2)  # fmt: skip


def distinct(*shape):
    n = torch.Size(shape).numel()
    return ((torch.randperm(n) - n // 2).double() / 8).reshape(shape)


def pools():
    case("AvgPool2d", "AvgPool2d", eighths(2, 1, 4, 4), kernel_size=2)
    case("AvgPool2d uneven", "AvgPool2d", eighths(1, 2, 4, 5), kernel_size=[2, 3], stride=[1, 2])
    padded = {"kernel_size": 3, "stride": 2, "padding": 1}
    case("AvgPool2d padding", "AvgPool2d", eighths(1, 1, 5, 4), **padded)
    case("AvgPool2d padding not counted", "AvgPool2d", eighths(1, 1, 5, 4), **padded,
         count_include_pad=False)  # fmt: skip
    case("AvgPool2d ceil_mode", "AvgPool2d", eighths(1, 1, 6, 6), **padded, ceil_mode=True)
    case("AvgPool2d ceil_mode, not counted", "AvgPool2d", eighths(1, 1, 6, 6), **padded,
         ceil_mode=True, count_include_pad=False)  # fmt: skip
    case("AvgPool2d divisor_override", "AvgPool2d", eighths(1, 4, 4), kernel_size=2,
         divisor_override=3)  # fmt: skip
    case("AvgPool1d", "AvgPool1d", eighths(2, 2, 6), kernel_size=2)
    case("AvgPool1d padding", "AvgPool1d", eighths(2, 7), kernel_size=3, stride=2, padding=1,
         ceil_mode=True, count_include_pad=False)  # fmt: skip
    case("MaxPool1d", "MaxPool1d", distinct(2, 2, 6), kernel_size=2)
    case("MaxPool1d options", "MaxPool1d", distinct(1, 8), kernel_size=3, stride=2, padding=1,
         dilation=2, ceil_mode=True)  # fmt: skip
    for size in (1, 2, [3, 2], [5, None], [6, 7]):
        case(f"AdaptiveAvgPool2d {size}", "AdaptiveAvgPool2d", eighths(1, 2, 4, 6), output_size=size)
        case(f"AdaptiveMaxPool2d {size}", "AdaptiveMaxPool2d", distinct(1, 2, 4, 6), output_size=size)
    for size in (1, 3, 4):
        case(f"AdaptiveAvgPool1d {size}", "AdaptiveAvgPool1d", eighths(2, 2, 6), output_size=size)
        case(f"AdaptiveMaxPool1d {size}", "AdaptiveMaxPool1d", distinct(2, 6), output_size=size)


def borders():
    x = eighths(1, 2, 3, 4)
    case("ReflectionPad1d", "ReflectionPad1d", eighths(1, 2, 4), padding=[3, 1])
    case("ReflectionPad2d", "ReflectionPad2d", x, padding=[1, 3, 2, 0])
    case("ReplicationPad1d", "ReplicationPad1d", eighths(2, 3), padding=[4, 1])
    case("ReplicationPad2d", "ReplicationPad2d", x, padding=[1, 2, 3, 0])
    case("ReplicationPad3d", "ReplicationPad3d", eighths(1, 1, 2, 2, 2), padding=1)
    case("ZeroPad2d", "ZeroPad2d", x, padding=[1, 0, 0, 2])
    case("ZeroPad2d negative", "ZeroPad2d", x, padding=[-1, 2, 1, -2])
    case("ConstantPad1d", "ConstantPad1d", eighths(2, 3), padding=2, value=0.5)
    case("ConstantPad2d", "ConstantPad2d", x, padding=[1, 0, 0, 2], value=-1.5)
    case("ConstantPad3d", "ConstantPad3d", eighths(1, 2, 1, 2), padding=1, value=2.0)
    case("F.pad", "F.pad", x, pad=[1, 2])
    case("F.pad of all dims", "F.pad", eighths(2, 2), pad=[1, -1, 2, 0], value=0.25)
    case("F.pad reflect", "F.pad", x, pad=[1, 2, 0, 1], mode="reflect")
    case("F.pad replicate", "F.pad", x, pad=[1, 2, 0, 1], mode="replicate")
    case("F.pad circular", "F.pad", x, pad=[1, 4, 3, 1], mode="circular")
    case("F.pad circular negative", "F.pad", x, pad=[-1, 2, 1, -1], mode="circular")


def sizes():
    x = eighths(1, 2, 2, 3)
    for size in ([4, 6], [3, 2], [5, 7]):
        case(f"Upsample nearest {size}", "Upsample", x, size=size)
        for corners in (False, True):
            case(f"Upsample bilinear {size} {corners}", "Upsample", x, size=size, mode="bilinear",
                 align_corners=corners)  # fmt: skip
    case("Upsample scale_factor", "Upsample", x, scale_factor=2.0)
    case("Upsample scale_factors", "Upsample", x, scale_factor=[2.0, 1.5], mode="bilinear")
    case("Upsample 3-d", "Upsample", eighths(1, 2, 3), scale_factor=2.0, mode="linear")
    case("Upsample 3-d nearest", "Upsample", eighths(1, 2, 3), size=5)
    case("Upsample 5-d", "Upsample", eighths(1, 1, 2, 1, 2), size=[3, 2, 4])
    case("F.interpolate area", "F.interpolate", x, size=[3, 2], mode="area")
    case("F.interpolate recomputed", "F.interpolate", x, scale_factor=1.7, mode="bilinear",
         recompute_scale_factor=True)  # fmt: skip
    case("F.interpolate scale_factor", "F.interpolate", x, scale_factor=1.7, mode="bilinear")
    case("PixelShuffle", "PixelShuffle", eighths(1, 8, 2, 3), upscale_factor=2)
    case("PixelUnshuffle", "PixelUnshuffle", eighths(2, 4, 6), downscale_factor=2)
    case("Unflatten", "Unflatten", eighths(2, 6, 2), dim=1, unflattened_size=[2, -1])


def norms():
    case("GroupNorm", "GroupNorm", eighths(2, 4, 3), num_groups=2, num_channels=4)
    case("GroupNorm without affine", "GroupNorm", eighths(2, 4, 2, 2), num_groups=4, num_channels=4,
         affine=False, eps=0.01)  # fmt: skip
    start = {"running_mean": eighths(3), "running_var": eighths(3, low=1)}
    features = {"num_features": 3}
    case("InstanceNorm1d", "InstanceNorm1d", eighths(2, 3, 4), **features)
    case("InstanceNorm1d of one", "InstanceNorm1d", eighths(3, 4), **features, affine=True)
    for mode in ("train", "eval"):
        case(f"InstanceNorm2d statistics {mode}", "InstanceNorm2d", eighths(2, 3, 2, 2), phase=mode,
             buffers=start, **features, affine=True, track_running_stats=True,
             momentum=0.25)  # fmt: skip
        case(f"BatchNorm3d {mode}", "BatchNorm3d", eighths(2, 3, 1, 2, 2), phase=mode, buffers=start,
             **features)  # fmt: skip


def bags():
    table = {"num_embeddings": 5, "embedding_dim": 2}
    rows = torch.tensor([[0, 2, 2], [4, 1, 2]])
    flat_rows, offsets = torch.tensor([0, 2, 2, 4, 1]), torch.tensor([0, 2, 2])
    for mode in ("sum", "mean", "max"):
        case(f"EmbeddingBag {mode}", "EmbeddingBag", rows, **table, mode=mode)
    for mode in ("sum", "mean"):
        case(f"EmbeddingBag offsets {mode}", "EmbeddingBag", flat_rows, **table, mode=mode,
             call={"offsets": offsets})  # fmt: skip
        case(f"EmbeddingBag padding_idx {mode}", "EmbeddingBag", rows, **table, mode=mode,
             padding_idx=2)  # fmt: skip
    case("EmbeddingBag last offset", "EmbeddingBag", flat_rows, **table, mode="sum",
         include_last_offset=True, call={"offsets": torch.tensor([0, 3, 5])})  # fmt: skip
    case("EmbeddingBag weights", "EmbeddingBag", rows, **table, mode="sum",
         call={"per_sample_weights": eighths(2, 3)})  # fmt: skip


def recurrent():
    sizes = {"input_size": 2, "hidden_size": 3}
    for module, gates in (("RNN", 1), ("LSTM", 2), ("GRU", 1)):

        def states(layers, n):
            return [eighths(layers, *([n] if n else []), 3) for _ in range(gates)]

        case(module, module, eighths(4, 2, 2), **sizes)
        case(f"{module} from a state", module, eighths(3, 2, 2), *states(1, 2), **sizes)
        case(f"{module} without bias", module, eighths(2, 1, 2), **sizes, bias=False)
        case(f"{module} layers", module, eighths(2, 2, 2), *states(2, 2), **sizes, num_layers=2)
        case(f"{module} both ways", module, eighths(3, 2, 2), *states(4, 2), **sizes, num_layers=2,
             bidirectional=True)  # fmt: skip
        case(f"{module} batch first", module, eighths(2, 3, 2), *states(1, 2), **sizes,
             batch_first=True)  # fmt: skip
        case(f"{module} of one", module, eighths(3, 2), *states(1, 0), **sizes)
        cell = module + "Cell"
        case(cell, cell, eighths(2, 2), **sizes)
        more = [eighths(2, 3) for _ in range(gates)]
        case(f"{cell} from a state", cell, eighths(2, 2), *more, **sizes, bias=False)
        case(f"{cell} of one", cell, eighths(2), *[m[0] for m in more], **sizes)
    case("RNN relu", "RNN", eighths(3, 2, 2), **sizes, nonlinearity="relu")
    case("RNNCell relu", "RNNCell", eighths(2, 2), **sizes, nonlinearity="relu")
    case("LSTM proj_size", "LSTM", eighths(3, 2, 2), eighths(2, 2, 2), eighths(2, 2, 3), **sizes,
         proj_size=2, bidirectional=True)  # fmt: skip


def attention():
    options = {"embed_dim": 4, "num_heads": 2}
    q, k, v = eighths(3, 2, 4), eighths(2, 2, 4), eighths(2, 2, 4)
    case("MultiheadAttention", "MultiheadAttention", q, k, v, **options)
    case("MultiheadAttention weights of heads", "MultiheadAttention", q, k, v, **options,
         call={"average_attn_weights": False}, bias=False)  # fmt: skip
    added = eighths(3, 2)
    case("MultiheadAttention mask", "MultiheadAttention", q, k, v, **options,
         call={"attn_mask": added, "need_weights": False})  # fmt: skip
    padding = torch.tensor([[False, True], [False, False]])
    never = torch.tensor([[False, False], [True, False], [False, False]])
    case("MultiheadAttention masks", "MultiheadAttention", q, k, v, **options, add_bias_kv=True,
         add_zero_attn=True, call={"key_padding_mask": padding, "attn_mask": never})  # fmt: skip
    case("MultiheadAttention other sizes", "MultiheadAttention", q / 4, eighths(2, 2, 3) / 4,
         eighths(2, 2, 5), **options, kdim=3, vdim=5)  # fmt: skip
    name = "F.scaled_dot_product_attention"
    q, k, v = eighths(2, 3, 4), eighths(2, 3, 4), eighths(2, 3, 2)
    case(name, name, q, k, v)
    case(f"{name} causal", name, q, k, v, is_causal=True)
    case(f"{name} mask", name, q, k, v, attn_mask=eighths(3, 3), scale=0.5)
    allowed = torch.tensor([[True, False, True], [True, True, True], [False, True, False]])
    case(f"{name} allowed", name, q, k, v, attn_mask=allowed)
    case("TransformerEncoderLayer", "TransformerEncoderLayer", eighths(3, 2, 4), phase="eval",
         d_model=4, nhead=2, dim_feedforward=3)  # fmt: skip


def add_state_dicts(*codes):
    for code in codes:
        module = eval(code)
        entries = [[k, list(v.shape)] for k, v in module.state_dict().items()]
        state_dicts.append({"code": code, "entries": entries, "text": str(module)})


def all_state_dicts():
    add_state_dicts(
        "nn.Conv1d(2, 4, 3, stride=2, padding=1, bias=False)",
        "nn.Conv2d(2, 4, 3, padding='same', padding_mode='reflect')",
        "nn.ConvTranspose1d(2, 3, 3, stride=2, output_padding=1, dilation=2)",
        "nn.ConvTranspose2d(4, 6, (3, 2), stride=2, padding=1, groups=2)",
        "nn.AvgPool1d(3)",
        "nn.AvgPool2d((2, 3))",
        "nn.MaxPool1d(2)",
        "nn.AdaptiveAvgPool2d((3, None))",
        "nn.AdaptiveMaxPool1d(2)",
        "nn.ReflectionPad2d((1, 2, 3, 4))",
        "nn.ConstantPad1d(1, 2)",
        "nn.ZeroPad2d(2)",
        "nn.Dropout2d(0.25)",
        "nn.AlphaDropout(0.2)",
        "nn.Upsample(size=(4, 5), mode='bilinear')",
        "nn.Unflatten(1, (2, 3))",
        "nn.Bilinear(2, 3, 4, bias=False)",
        "nn.EmbeddingBag(5, 3)",
        "nn.PixelShuffle(2)",
        "nn.SmoothL1Loss()",
        "nn.BatchNorm3d(2)",
        "nn.InstanceNorm2d(3, affine=True, track_running_stats=True)",
        "nn.GroupNorm(2, 4)",
        "nn.RNN(4, 3, 2, nonlinearity='relu', bias=False, batch_first=True, dropout=0.5, "
        "bidirectional=True)",
        "nn.LSTM(4, 3, proj_size=2)",
        "nn.GRU(4, 3)",
        "nn.RNNCell(4, 3, nonlinearity='relu', bias=False)",
        "nn.LSTMCell(3, 2)",
        "nn.MultiheadAttention(4, 2)",
        "nn.MultiheadAttention(4, 2, kdim=3, add_bias_kv=True)",
        "nn.TransformerEncoderLayer(4, 2, 8)",
        "nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 1)",
    )


def volumes():
    def conv(name, module, n_in, n_out, kernel, shape, **more):
        case(f"{module} {name}".strip(), module, eighths(*shape), in_channels=n_in,
             out_channels=n_out, kernel_size=kernel, **more)  # fmt: skip

    conv("", "Conv3d", 2, 3, 2, [2, 2, 3, 2, 3])
    conv("of one", "Conv3d", 1, 2, [1, 2, 2], [1, 2, 3, 2], bias=False)
    conv("everything", "Conv3d", 2, 2, [2, 1, 2], [1, 2, 4, 3, 4], stride=[2, 1, 1],
         padding=[2, 0, 1], dilation=[2, 1, 2], groups=2)  # fmt: skip
    conv("same", "Conv3d", 1, 1, [2, 3, 1], [1, 1, 3, 3, 2], padding="same")
    conv("replicate", "Conv3d", 1, 1, 2, [1, 1, 2, 2, 2], padding=1, padding_mode="replicate")
    conv("", "ConvTranspose3d", 2, 3, 2, [1, 2, 2, 1, 2])
    conv("of one", "ConvTranspose3d", 1, 2, [2, 1, 2], [1, 2, 2, 2])
    conv("everything", "ConvTranspose3d", 2, 2, [2, 2, 1], [1, 2, 2, 2, 2], stride=[2, 2, 1],
         padding=[1, 0, 0], output_padding=[1, 0, 0], dilation=[2, 1, 1], groups=2)  # fmt: skip
    case("MaxPool3d", "MaxPool3d", distinct(1, 2, 4, 3, 4), kernel_size=2)
    case("MaxPool3d of ties", "MaxPool3d", torch.zeros(1, 1, 3, 3, 3).double(), kernel_size=2,
         stride=1)  # fmt: skip
    case("MaxPool3d options", "MaxPool3d", distinct(2, 5, 4, 4), kernel_size=[2, 3, 2],
         stride=[2, 1, 3], padding=[1, 1, 0], dilation=[2, 1, 1], ceil_mode=True)  # fmt: skip
    case("AvgPool3d", "AvgPool3d", eighths(1, 2, 4, 2, 3), kernel_size=2)
    padded = {"kernel_size": [2, 3, 2], "stride": [2, 1, 2], "padding": [1, 1, 0]}
    case("AvgPool3d padding", "AvgPool3d", eighths(1, 1, 3, 3, 4), **padded)
    case("AvgPool3d not counted", "AvgPool3d", eighths(1, 1, 3, 3, 5), **padded, ceil_mode=True,
         count_include_pad=False)  # fmt: skip
    case("AvgPool3d ceil_mode", "AvgPool3d", eighths(1, 1, 4, 3, 5), **padded, ceil_mode=True)
    case("AvgPool3d divisor_override", "AvgPool3d", eighths(1, 2, 3, 4), kernel_size=2,
         divisor_override=3)  # fmt: skip
    for size in (1, [2, 3, 1], [3, None, 2]):
        case(f"AdaptiveAvgPool3d {size}", "AdaptiveAvgPool3d", eighths(1, 1, 4, 3, 3), output_size=size)
        case(f"AdaptiveMaxPool3d {size}", "AdaptiveMaxPool3d", distinct(1, 1, 4, 3, 3), output_size=size)
    case("InstanceNorm3d", "InstanceNorm3d", eighths(2, 2, 2, 1, 2), num_features=2, affine=True)
    case("Upsample trilinear", "Upsample", eighths(1, 1, 2, 2, 2), size=[3, 2, 4], mode="trilinear")
    case("Upsample trilinear corners", "Upsample", eighths(1, 1, 2, 3, 2), scale_factor=1.5,
         mode="trilinear", align_corners=True)  # fmt: skip
    case("F.interpolate area 5-d", "F.interpolate", eighths(1, 1, 3, 2, 4), size=[2, 2, 3], mode="area")


def more_of_images():
    case("Unfold", "Unfold", eighths(1, 2, 3, 4), kernel_size=[2, 3], padding=1, stride=[1, 2])
    case("Unfold of one", "Unfold", eighths(1, 3, 5), kernel_size=2, dilation=2)
    case("Fold", "Fold", eighths(1, 4, 9), output_size=2, kernel_size=2, padding=1)
    case("Fold of one", "Fold", eighths(12, 2), output_size=[3, 4], kernel_size=[2, 3], stride=[1, 2])
    case("LocalResponseNorm", "LocalResponseNorm", eighths(1, 4, 3), size=3, alpha=0.5, k=2.0)
    case("LocalResponseNorm even", "LocalResponseNorm", eighths(2, 3, 2, 1), size=2, beta=0.5)
    case("LPPool1d", "LPPool1d", eighths(1, 2, 5, low=1), norm_type=2.0, kernel_size=2, ceil_mode=True)
    case("LPPool2d", "LPPool2d", eighths(1, 1, 4, 5, low=1), norm_type=3.0, kernel_size=[2, 3],
         stride=[1, 2])  # fmt: skip
    case("Softmax2d", "Softmax2d", eighths(1, 3, 2, 1))
    case("RReLU eval", "RReLU", eighths(2, 3), phase="eval", lower=0.25, upper=0.5)


def more_losses():
    labels = torch.tensor([[2, 0, -1, 1], [3, -1, 0, 1]])
    logits = eighths(5, 2, 4)
    targets, lengths = torch.tensor([[1, 1, 3], [2, 3, 0]]), torch.tensor([3, 2])
    for r in REDUCTIONS:
        case(f"MultiLabelMarginLoss {r}", "MultiLabelMarginLoss", eighths(2, 4), labels, reduction=r)
        case(f"CTCLoss {r}", "CTCLoss", logits, targets, torch.tensor([5, 4]), lengths, reduction=r)
    case("MultiLabelMarginLoss of one", "MultiLabelMarginLoss", eighths(4), labels[0])
    case("CTCLoss in a row, blank 3", "CTCLoss", logits, torch.tensor([0, 0, 1, 2]),
         torch.tensor([4, 5]), torch.tensor([3, 1]), blank=3)  # fmt: skip
    case("CTCLoss without labels", "CTCLoss", logits, targets, torch.tensor([5, 2]),
         torch.tensor([0, 2]), reduction="none")  # fmt: skip
    case("CTCLoss of none, zero_infinity", "CTCLoss", logits, targets, torch.tensor([3, 5]), lengths,
         reduction="none", zero_infinity=True)  # fmt: skip


def packed_sequences():
    sizes = {"input_size": 2, "hidden_size": 3}
    lengths = {"lengths": torch.tensor([2, 4, 1])}
    for module, gates in (("RNN", 1), ("LSTM", 2), ("GRU", 1)):
        states = [eighths(2, 3, 3) for _ in range(gates)]
        case(f"{module} packed", module, eighths(4, 3, 2), **sizes, call=lengths)
        case(f"{module} packed both ways", module, eighths(4, 3, 2), *states, **sizes,
             bidirectional=True, call=lengths)  # fmt: skip
        case(f"{module} packed layers", module, eighths(3, 4, 2), *states, **sizes, num_layers=2,
             batch_first=True, call=lengths)  # fmt: skip
    case("LSTM packed proj_size", "LSTM", eighths(4, 3, 2), **sizes, proj_size=2, call=lengths)


def decoders():
    sizes = {"d_model": 4, "nhead": 2, "dim_feedforward": 3}
    tgt, memory = eighths(3, 2, 4), eighths(2, 2, 4)
    case("TransformerDecoderLayer", "TransformerDecoderLayer", tgt, memory, phase="eval", **sizes)
    for layer, inputs in (("Encoder", [tgt]), ("Decoder", [tgt, memory])):
        case(f"Transformer{layer}Layer gelu", f"Transformer{layer}Layer", *inputs, phase="eval",
             activation="gelu", **sizes)  # fmt: skip
    padding = torch.tensor([[False, True], [False, False]])
    later = torch.full((3, 3), float("-inf")).double().triu(1)
    masks = {"tgt_mask": later, "src_key_padding_mask": padding, "memory_key_padding_mask": padding}
    case("Transformer", "Transformer", memory, tgt, phase="eval", num_encoder_layers=1,
         num_decoder_layers=2, call=masks, **sizes)  # fmt: skip
    add_state_dicts("nn.Transformer(4, 2, 1, 1, 8)")


def more_state_dicts():
    add_state_dicts(
        "nn.Conv3d(2, 4, 3, padding=(1, 0, 1))",
        "nn.ConvTranspose3d(4, 6, (3, 2, 1), stride=2, groups=2)",
        "nn.MaxPool3d((1, 2, 2))",
        "nn.AvgPool3d(2)",
        "nn.AdaptiveMaxPool3d((1, None, 2))",
        "nn.AdaptiveAvgPool3d(2)",
        "nn.InstanceNorm3d(2)",
        "nn.MaxUnpool1d(2)",
        "nn.MaxUnpool2d((2, 3), padding=1)",
        "nn.LPPool1d(2, 3)",
        "nn.LPPool2d(1.5, (3, 2), stride=(2, 1))",
        "nn.RReLU()",
        "nn.RReLU(0.1, 0.3, True)",
        "nn.Softmax2d()",
        "nn.Unfold((2, 3))",
        "nn.Fold((4, 5), (2, 3), padding=(1, 0))",
        "nn.LocalResponseNorm(2)",
        "nn.CTCLoss()",
        "nn.MultiLabelMarginLoss()",
    )


def images_at_points():
    x, grid = eighths(2, 2, 3, 4), eighths(2, 2, 3, 2, low=-14, high=14) + 0.0078125
    for mode in ("bilinear", "nearest", "bicubic"):
        for beyond in ("zeros", "border", "reflection"):
            for corners in (False, True):
                case(f"F.grid_sample {mode} {beyond} {corners}", "F.grid_sample", x, grid, mode=mode,
                     padding_mode=beyond, align_corners=corners)  # fmt: skip
    for size in ([4, 6], [3, 2], [5, 7]):
        for corners in (False, True):
            case(f"Upsample bicubic {size} {corners}", "Upsample", x, size=size, mode="bicubic",
                 align_corners=corners)  # fmt: skip
    case("F.interpolate bicubic", "F.interpolate", x, scale_factor=1.7, mode="bicubic")


for part in [
    all_state_dicts,
    losses,
    distances,
    convolutions,
    pools,
    borders,
    sizes,
    norms,
    bags,
    recurrent,
    attention,
    volumes,
    more_of_images,
    more_losses,
    packed_sequences,
    more_state_dicts,
    decoders,
    images_at_points,
]:
    part()
write(__file__, {"state_dicts": state_dicts, "cases": cases})
