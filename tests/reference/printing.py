# SPDX-License-Identifier: MIT
"""Makes data/printing.json: what Python's repr() gives for tensors of many kinds.

Layout: a list of rows
  {"name": unique name, "dtype": "f32|f64|f16|bf16|i64|i32|u8|bool", "shape": [...],
   "data": DATA, "requires_grad": bool, "grad_fn": node name (optional),
   "options": {...} (optional), "text": exactly what is printed}
DATA is a flat row-major list (see common.py for nan and inf; booleans are true and false),
or a rule, which gives float64 (or whole) numbers that are then cast to the dtype:
  {"arange": [start, step, n], "set": [[i, value], ...] (optional)}: element i = start + i * step
  {"cycle": [v0, v1, ...], "n": n, "set": ... (optional)}: element i = v[i % length]
A row with "grad_fn" prints the result of an op that gives this node and leaves the values as they
are: see MAKERS. "options" are those of torch.set_printoptions that differ from the defaults:
precision 4, threshold 1000, edgeitems 3, linewidth 80, sci_mode null (automatic).
"""

import torch

from common import DTYPES, values, write

NAN, INF = float("nan"), float("inf")

MAKERS = {
    "AddBackward0": lambda x: x + 0,
    "SubBackward0": lambda x: x - 0,
    "MulBackward0": lambda x: x * 1,
    "DivBackward0": lambda x: x / 1,
    "PowBackward0": lambda x: x**1,
    "NegBackward0": lambda x: -(-x),
    "CloneBackward0": lambda x: x.clone(),
    "ViewBackward0": lambda x: x.view(x.shape),
    "TBackward0": lambda x: x.t().t(),
    "PermuteBackward0": lambda x: x.permute(tuple(range(x.dim()))),
    "UnsqueezeBackward0": lambda x: x[0].unsqueeze(0) if x.shape[0] == 1 else None,
    "SumBackward0": lambda x: x.sum(),  # of 0-d tensors
    "MeanBackward0": lambda x: x.mean(),  # of 0-d tensors
    "ReluBackward0": lambda x: x.relu(),  # of tensors with no negative element
    "AbsBackward0": lambda x: x.abs(),  # likewise
}

rows = []


def expand(data):
    if isinstance(data, list):
        return data
    if "arange" in data:
        start, step, n = data["arange"]
        out = [start + i * step for i in range(n)]
    else:
        out = [data["cycle"][i % len(data["cycle"])] for i in range(data["n"])]
    for i, value in data.get("set", []):
        out[i] = value
    return out


def row(name, data, shape=None, dtype="f32", requires_grad=False, grad_fn=None, **options):
    elements = expand(data)
    shape = [len(elements)] if shape is None else shape
    tensor = torch.tensor(elements, dtype=DTYPES[dtype]).reshape(shape)
    entry = {"name": name, "dtype": dtype, "shape": shape}
    entry["data"] = values(tensor) if isinstance(data, list) else data
    if grad_fn:
        leaf = tensor.requires_grad_()
        tensor = MAKERS[grad_fn](leaf)
        assert type(tensor.grad_fn).__name__ == grad_fn and torch.equal(
            tensor.nan_to_num(), leaf.nan_to_num()
        )
        entry["grad_fn"] = grad_fn
    elif requires_grad:
        tensor.requires_grad_()
    entry["requires_grad"] = tensor.requires_grad
    if options:
        torch.set_printoptions(**options)
        entry["options"] = options
    entry["text"] = repr(tensor)
    torch.set_printoptions(profile="default", sci_mode=None)
    assert all(r["name"] != name for r in rows), name
    rows.append(entry)


def steps(start, step, n, *planted):
    rule = {"arange": [start, step, n]}
    return {**rule, "set": [list(p) for p in planted]} if planted else rule


def cycle(items, n, *planted):
    rule = {"cycle": items, "n": n}
    return {**rule, "set": [list(p) for p in planted]} if planted else rule


def scalars():
    for value in [
        0.0,
        -0.0,
        1.0,
        -1.0,
        3.5,
        1 / 3,
        4.5,
        91.5,
        1e-5,
        1.5e-4,
        123456.789,
        1e8,
        1.0001e8,
        16777216.0,
        1e20,
        1e-30,
        3.4028234663852886e38,
        1e-45,
        NAN,
        INF,
        -INF,
        99999.0,
        100000.5,
    ]:
        row(f"scalar {value}", [value], [])
    row("scalar f64 pi", [3.141592653589793], [], "f64")
    row("scalar f64 huge", [1e300], [], "f64")
    row("scalar f16", [0.1], [], "f16")
    row("scalar bf16", [0.1], [], "bf16")
    for dtype, value in [
        ("i64", 7),
        ("i64", -7),
        ("i64", 9223372036854775807),
        ("i64", -9223372036854775808),
        ("i32", 5),
        ("u8", 255),
        ("bool", True),
        ("bool", False),
    ]:
        row(f"scalar {dtype} {value}", [value], [], dtype)
    row("scalar requires_grad", [2.0], [], requires_grad=True)
    row("scalar grad_fn", [27.0], [], grad_fn="MeanBackward0")
    row("scalar sum", [91.5], [], grad_fn="SumBackward0")
    row("scalar f64 requires_grad", [2.5], [], "f64", requires_grad=True)


def empties():
    for dtype in DTYPES:
        row(f"empty {dtype}", [], [0], dtype)
    for shape in [[2, 0], [0, 3], [0, 0], [2, 0, 3], [1, 0, 1, 0]]:
        row(f"empty {shape}", [], shape)
    row("empty i64 [2, 0]", [], [2, 0], "i64")
    row("empty f16 [0, 4]", [], [0, 4], "f16")
    row("empty requires_grad", [], [0], requires_grad=True)
    row("empty [2, 0] requires_grad", [], [2, 0], requires_grad=True)
    row("empty f64 [2, 0] grad_fn", [], [2, 0], "f64", grad_fn="MulBackward0")


def integers():
    row("i64 row", [1, 2, 3], dtype="i64")
    row("i64 mixed widths", [1, 20, 300, -4], dtype="i64")
    row("i64 negative", [-1, -2, -30], dtype="i64")
    row("i64 matrix", [1, 2, 3, 4, 5, 6], [2, 3], "i64")
    row("i64 extremes", [9223372036854775807, -9223372036854775808, 0], dtype="i64")
    row("i64 one element", [42], dtype="i64")
    row("i64 wraps", steps(0, 1, 60), dtype="i64")
    row("i64 wraps wide", steps(-30000, 1234, 40), dtype="i64")
    row("i64 summarised", steps(0, 1, 1001), dtype="i64")
    row("i64 not summarised at the threshold", steps(0, 1, 1000), dtype="i64")
    row("i32 row", [1, -2, 3], dtype="i32")
    row("i32 matrix", [100, -2, 3, 4], [2, 2], "i32")
    row("i32 column", [1, 22, 333], [3, 1], "i32")
    row("u8 row", [0, 127, 255], dtype="u8")
    row("u8 image", steps(0, 5, 48), [6, 8], "u8")
    row("u8 wraps", cycle([7], 30), dtype="u8")
    row("bool row", [True, False, True], dtype="bool")
    row("bool all true", [True, True], dtype="bool")
    row("bool all false", [False, False, False], dtype="bool")
    row("bool matrix", [True, False, True, True, False, False], [2, 3], "bool")
    row("bool wraps", cycle([True, False, False], 20), dtype="bool")
    row("bool summarised", cycle([False, True], 2000), dtype="bool")
    row("i32 suffix on a new line", steps(100000000, 1, 6), dtype="i32")


def floats():
    row("whole numbers", [1.0, 2.0, 3.0])
    row("whole numbers of mixed widths", [1.0, -20.0, 300.0])
    row("whole numbers up to 99999", [99999.0, 1.0])
    row("whole numbers from 100000", [100000.0, 1.0])
    row("whole numbers above 1e8", [200000000.0, 1.0])
    row("ones 2x2", [1.0] * 4, [2, 2])
    row("threes 2x2", [3.0] * 4, [2, 2])
    row("zeros", [0.0] * 6, [2, 3])
    row("zeros and one fraction", [0.0, 0.0, 0.5])
    row("negative zero", [-0.0, 0.0, 1.0])
    row("negative zero and fractions", [-0.0, 0.5])
    row("a negative that rounds to zero", [-0.00004, 1.0])
    row("fractions", [0.5, 1.25, -2.125])
    row("thirds", [1 / 3, 2 / 3, -4 / 3])
    row("tenths", [0.1, 0.2, 0.3])
    row("rounding half to even", [0.00005, 0.00015, 0.00025, 0.03125, 0.15625])
    row("carries", [0.99999, 9.99996, 99.99999])
    row("mixed magnitudes below the ratio", [0.5, 499.0, 12.25])
    row("ratio of exactly 1000", [0.5, 500.0])
    row("ratio above 1000", [0.5, 500.5])
    row("ratio above 1000, whole numbers", [1.0, 1001.0])
    row("whole numbers with a large ratio", [1.0, 1e6, -3.0])
    row("largest of exactly 1e8", [1e8, 99999999.0])
    row("largest above 1e8, with fractions", [1.5e8, 1.2e8, 110000000.0])
    row("smallest of 1e-4", [1e-4, 2e-4])
    row("smallest below 1e-4", [9e-5, 1e-4])
    row("tiny", [1e-10, 2e-10, -3e-10])
    row("three-digit exponents", [1e300, 1e-300, 2.0], dtype="f64")
    row("mixed exponents", [1e10, 1e-10, 1.0])
    row("subnormal", [1e-45, 1e-40])
    row("largest f32", [3.4028234663852886e38, -3.4028234663852886e38])
    row("the tour's v", [0.1, 1.0, 0.0001])
    row("nan", [NAN])
    row("all nan", [NAN, NAN])
    row("nan and whole numbers", [NAN, 1.0, 2.0])
    row("nan and fractions", [NAN, 1.5, -2.25])
    row("inf and whole numbers", [INF, 1.0, -20.0])
    row("inf alone", [INF, -INF])
    row("minus inf and fractions", [-INF, 0.125])
    row("nan and inf with tiny", [NAN, INF, -INF, 1e-6])
    row("nan and inf with zero", [NAN, INF, 0.0])
    row("inf and a large ratio", [INF, 0.001, 1000.0])
    row("nan in a matrix", [NAN, 1.0, INF, -3.0], [2, 2])
    row("zero among small ones", [0.0, 1e-3, 2e-3])
    row("zero among tiny ones", [0.0, 1e-6, 2e-6])
    row("one element", [0.25])
    row("one element 1x1", [-7.0], [1, 1])
    row("one element 1x1x1", [0.1], [1, 1, 1])


def dtypes():
    for dtype in ["f64", "f16", "bf16"]:
        row(f"{dtype} whole", [1.0, 2.0], dtype=dtype)
        row(f"{dtype} fractions", [0.1, 0.25, -3.3333], dtype=dtype)
        row(f"{dtype} scientific", [1e-5, 2.0, 1000.0], dtype=dtype)
        row(f"{dtype} matrix", [0.5, 1.5, -2.5, 3.5], [2, 2], dtype)
        row(f"{dtype} nan and inf", [NAN, INF, -INF, 1.0], dtype=dtype)
        row(f"{dtype} summarised", steps(0.0, 0.5, 1200), dtype=dtype)
        row(f"{dtype} requires_grad", [1.0, 2.5], dtype=dtype, requires_grad=True)
        row(f"{dtype} grad_fn", [1.0, 2.5], dtype=dtype, grad_fn="MulBackward0")
    row("f16 largest", [65504.0, -65504.0, 1.0], dtype="f16")
    row("f16 smallest", [6e-08, 6.1035e-05], dtype="f16")
    row("bf16 thirds", [1 / 3, 2 / 3, 256.5], dtype="bf16")
    row("f64 digits", [3.141592653589793, 2.718281828459045, 1.4142135623730951], dtype="f64")
    row("f64 above f32's range", [1e200, 1.0], dtype="f64")


def shapes():
    row("wraps at 80", steps(0.0, 0.1, 20))
    row("fits a line exactly", steps(0.0, 0.5, 9))
    row("one more than fits", steps(0.0, 0.5, 10))
    row("wraps whole numbers", steps(0.0, 1.0, 50))
    row("wraps negatives", steps(-5.0, 0.25, 40))
    row("wraps scientific", cycle([1e-6, 1.0, 12345.678], 15))
    row("matrix", [1.5, 2.0, 3.25, -4.0, 5.0, 6.0], [2, 3])
    row("matrix with one row", [1.0, 2.0, 3.0], [1, 3])
    row("matrix with one column", [1.0, 2.0, 3.0], [3, 1])
    row("wide matrix wraps", steps(0.0, 0.1, 60), [3, 20])
    row("wide matrix of integers wraps", steps(0, 1, 120), [2, 60], "i64")
    row("3-d", steps(0.0, 1.0, 24), [2, 3, 4])
    row("3-d fractions", steps(-1.0, 0.125, 12), [3, 2, 2])
    row("3-d of ones", [1.0] * 4, [1, 2, 2])
    row("3-d with one element a row", [1.0, 2.0, 3.0, 4.0], [2, 2, 1])
    row("3-d wide wraps", steps(0.0, 0.5, 80), [2, 2, 20])
    row("4-d", steps(0.0, 1.0, 24), [2, 2, 2, 3])
    row("4-d of integers", steps(0, 1, 16), [2, 2, 2, 2], "i64")
    row("5-d", steps(0.0, 0.25, 16), [2, 1, 2, 2, 2])
    row("4-d of bools", cycle([True, False, False], 8), [1, 2, 2, 2], "bool")


def summarised():
    row("summarised", steps(0.0, 1.0, 1001))
    row("summarised fractions", steps(0.0, 0.1, 5000))
    row("summarised, the widest is hidden", steps(0.0, 1.0, 2000, [1000, -123456.5]))
    row("summarised, nan is hidden", cycle([0.5], 2000, [700, NAN]))
    row("summarised, inf at the edge", cycle([0.5], 2000, [1998, INF]))
    row("summarised 2-d, both dimensions", steps(0.0, 0.5, 40 * 30), [40, 30])
    row("summarised 2-d, few rows", steps(0.0, 1.0, 4 * 500), [4, 500])
    row("summarised 2-d, few columns", steps(0.0, 1.0, 500 * 4), [500, 4])
    row("summarised 2-d, six rows", steps(0.0, 1.0, 6 * 200), [6, 200])
    row("summarised 2-d, seven rows", steps(0.0, 1.0, 7 * 200), [7, 200])
    row("summarised 2-d of integers", steps(-600, 1, 1200), [30, 40], "i64")
    row("summarised 3-d", steps(0.0, 0.25, 10 * 11 * 12), [10, 11, 12])
    row("summarised 3-d, thin", steps(0.0, 1.0, 600 * 2), [2, 300, 2])
    row("summarised 4-d", steps(0.0, 1.0, 8 * 2 * 9 * 10), [8, 2, 9, 10])
    row("summarised u8", steps(0, 0, 1500), [1500], "u8")
    row("summarised with requires_grad", steps(0.0, 1.0, 1500), requires_grad=True)
    row("summarised 2-d with grad_fn", steps(0.0, 1.0, 1500), [50, 30], grad_fn="MulBackward0")


def gradients():
    row("requires_grad", [1.0, 2.0], requires_grad=True)
    row("requires_grad 2x2", [1.0] * 4, [2, 2], requires_grad=True)
    row("requires_grad 3-d", [1.0] * 8, [2, 2, 2], requires_grad=True)
    for name in MAKERS:
        if name in ("SumBackward0", "MeanBackward0"):
            row(f"grad_fn {name}", [4.5], [], grad_fn=name)
        elif name == "UnsqueezeBackward0":
            row(f"grad_fn {name}", [3.0, 4.0], [1, 2], grad_fn=name)
        else:
            row(f"grad_fn {name}", [3.0] * 4, [2, 2], grad_fn=name)
    row("grad_fn scientific", [1e-6, 1.0], grad_fn="MulBackward0")
    row("grad_fn nan", [NAN, 1.0], grad_fn="MulBackward0")
    for n in range(5, 10):
        row(f"{n} elements with requires_grad", steps(0.0, 0.5, n), requires_grad=True)
        row(f"{n} elements with grad_fn", steps(0.0, 0.5, n), grad_fn="MulBackward0")
        row(f"2x{n} elements with grad_fn", steps(0.0, 0.5, 2 * n), [2, n], grad_fn="AddBackward0")
    row("wrapped with grad_fn", steps(0.0, 0.5, 20), grad_fn="MulBackward0")
    row("f64 and grad_fn on a new line", steps(0.0, 0.5, 7), dtype="f64", grad_fn="MulBackward0")
    row(
        "f64 on this line, grad_fn on the next",
        steps(0.0, 0.5, 6),
        dtype="f64",
        grad_fn="MulBackward0",
    )
    row("3-d with grad_fn", steps(0.0, 1.0, 8), [2, 2, 2], grad_fn="MulBackward0")
    for linewidth in range(37, 43):
        row(
            f"linewidth {linewidth} with grad_fn",
            [1.0, 2.0],
            grad_fn="MulBackward0",
            linewidth=linewidth,
        )
    for linewidth in [34, 35, 36, 37, 38, 54, 55, 56, 57, 58]:
        row(
            f"linewidth {linewidth} with dtype and requires_grad",
            [1.5],
            dtype="f64",
            requires_grad=True,
            linewidth=linewidth,
        )


def options():
    data = [0.123456789, 1.5, -22.75]
    for precision in [0, 1, 2, 6, 8, 10]:
        row(f"precision {precision}", data, precision=precision)
    row("precision 10 f64", data, dtype="f64", precision=10)
    row("precision 2, whole numbers", [1.0, 2.0], precision=2)
    row("precision 2, scientific", [1e-7, 1.0], precision=2)
    row("precision 0, scientific", [1e-7, 1.0], precision=0)
    row("precision 2 scalar", [3.14159], [], precision=2)
    row("precision 2, negatives that round to zero", [-0.004, -0.006, 1.0], precision=2)
    row("precision 1, halves to even", [0.25, 0.75, -1.25], precision=1)
    row("precision 8 scalar", [3.14159], [], precision=8)
    row("sci_mode on", data, sci_mode=True)
    row("sci_mode on, whole numbers", [1.0, 200.0], sci_mode=True)
    row("sci_mode on, integers", [1, 200], dtype="i64", sci_mode=True)
    row("sci_mode on, zero", [0.0, 0.0], sci_mode=True)
    row("sci_mode on, nan", [NAN, INF, 2.5], sci_mode=True)
    row("sci_mode on, scalar", [0.5], [], sci_mode=True)
    row("sci_mode off", [1e-10, 1.0, 12345.678], sci_mode=False)
    row("sci_mode off, whole numbers", [1e10, 1.0], sci_mode=False)
    row("sci_mode off, scalar", [1e-10], [], sci_mode=False)
    row("sci_mode on, precision 2", data, sci_mode=True, precision=2)
    for linewidth in [20, 26, 40, 120]:
        row(f"linewidth {linewidth}", steps(0.0, 0.5, 24), linewidth=linewidth)
    row("linewidth 40, 2-d", steps(0.0, 0.5, 24), [2, 12], linewidth=40)
    row("linewidth 10, narrower than an element", [1.0, 2.0, 3.0], linewidth=10)
    row("linewidth 5, narrower than an element", [1.25, 2.5], linewidth=5)
    row("linewidth 30, integers", steps(0, 7, 20), dtype="i64", linewidth=30)
    row("threshold 5", steps(0.0, 1.0, 10), threshold=5)
    row("threshold 10", steps(0.0, 1.0, 10), threshold=10)
    row("threshold 5, six elements", steps(0.0, 1.0, 6), threshold=5)
    row("threshold 5, seven elements", steps(0.0, 1.0, 7), threshold=5)
    row("threshold 0, scalar", [1.0], [], threshold=0)
    row("threshold 0, 2-d", steps(0.0, 1.0, 64), [8, 8], threshold=0)
    row("threshold 10000", steps(0, 1, 1100), [1100], "i64", threshold=10000)
    for edgeitems in [1, 2, 5]:
        row(f"edgeitems {edgeitems}", steps(0.0, 0.5, 1100), edgeitems=edgeitems)
        row(f"edgeitems {edgeitems}, 2-d", steps(0.0, 0.5, 1200), [40, 30], edgeitems=edgeitems)
    row("edgeitems 1, 3-d", steps(0.0, 1.0, 5 * 5 * 5), [5, 5, 5], edgeitems=1, threshold=10)
    row("edgeitems 0", steps(0.0, 1.0, 20), threshold=10, edgeitems=0)
    row("edgeitems 0, 2-d", steps(0.0, 1.0, 20), [4, 5], threshold=10, edgeitems=0)
    row("edgeitems 12 wraps", steps(0.0, 0.5, 1100), edgeitems=12)
    row(
        "edgeitems 2, linewidth 40, threshold 8",
        steps(-1.0, 0.25, 48),
        [6, 8],
        edgeitems=2,
        linewidth=40,
        threshold=8,
    )
    row(
        "everything set",
        steps(0.0, 0.1, 64),
        [8, 8],
        "f64",
        grad_fn="MulBackward0",
        precision=3,
        threshold=10,
        edgeitems=2,
        linewidth=60,
        sci_mode=True,
    )


for make in [scalars, empties, integers, floats, dtypes, shapes, summarised, gradients, options]:
    make()
write(__file__, rows)
