# SPDX-License-Identifier: MIT
"""Makes data/ops.json: dtypes, edge values, gradients at kinks and error texts of the ops.

Layout: {"promotion": [...], "dtypes": [...], "values": [...], "errors": [...]}
  promotion: {"op": name, "left": KIND, "right": KIND, "rows": [names], "columns": [names],
              "result": one list per row (left operand) of dtypes by column (right operand)}
    KIND is "tensor" (1-d), "zero_dim" or "scalar"; rows and columns are then dtypes, or for scalars
    "bool", "int" and "float" (true, 2 and 2.5; for div and pow too). All elements are 1.
  dtypes: {"op": name, "code": Python of x, "result": {dtype of x: dtype of the result}}, x 1-d
    In both, "error: text" stands where PyTorch raises.
  values: {"name": unique name, "op": function in torch or torch.nn.functional,
           "inputs": [ARRAY, ...], "args": [...] (the rest), "kwargs": {...},
           "outputs": [ARRAY, ...] or "error": text,
           "grads": [ARRAY or null, ...] (optional): d sum(first output) / d each input}
  ARRAY: {"dtype": name, "shape": [...], "data": [...]}
  errors: {"name": unique name, "code": what raises, in Python, "type": exception, "text": str(e)}
Rules in words: the result has the highest category (bool < integer < floating) of the operands,
and the dtype that the tensors with dimensions have in it, else the 0-d ones, else the scalars.
"""

import torch
import torch.nn.functional as F

from common import DTYPES, SHORT, array, write

NAN, INF = float("nan"), float("inf")
SCALARS = {"bool": True, "int": 2, "float": 2.5}
KINDS = {"tensor": [2], "zero_dim": []}

promotion = []
dtypes = []
value_rows = []
errors = []


def outcome(function):
    """The result's dtype by its short name, or the error."""
    try:
        return SHORT[function().dtype]
    except (RuntimeError, TypeError, ValueError) as e:
        return "error: " + str(e)


def operands(kind):
    if kind == "scalar":
        return SCALARS
    return {name: torch.ones(KINDS[kind], dtype=dtype) for name, dtype in DTYPES.items()}


def promote(op, function, left="tensor", right="tensor"):
    rows, columns = operands(left), operands(right)
    promotion.append(
        {
            "op": op,
            "left": left,
            "right": right,
            "rows": list(rows),
            "columns": list(columns),
            "result": [
                [outcome(lambda: function(a, b)) for b in columns.values()] for a in rows.values()
            ],
        }
    )


def promotions():
    add, div = (lambda a, b: a + b), (lambda a, b: a / b)
    for op, function in [("add", add), ("mul", lambda a, b: a * b), ("div", div)]:
        for left, right in [
            ("tensor", "tensor"),
            ("tensor", "zero_dim"),
            ("zero_dim", "tensor"),
            ("zero_dim", "zero_dim"),
            ("tensor", "scalar"),
            ("zero_dim", "scalar"),
            ("scalar", "tensor"),
        ]:
            promote(op, function, left, right)
    for op, function in [
        ("sub", lambda a, b: a - b),
        ("pow", lambda a, b: a**b),
        ("eq", lambda a, b: a == b),
        ("lt", lambda a, b: a < b),
        ("remainder", lambda a, b: a % b),
        ("floor_divide", lambda a, b: a // b),
        ("where", lambda a, b: torch.where(torch.tensor([True, False]), a, b)),
    ]:
        promote(op, function)
        promote(op, function, "tensor", "zero_dim")
        promote(op, function, "tensor", "scalar")
        promote(op, function, "scalar", "tensor")
    for op, function in [
        ("maximum", torch.maximum),
        ("cat", lambda a, b: torch.cat([a, b])),
        ("stack", lambda a, b: torch.stack([a, b])),
        ("add_", lambda a, b: a.clone().add_(b)),
        ("mul_", lambda a, b: a.clone().mul_(b)),
        ("div_", lambda a, b: a.clone().div_(b)),
        ("copy_", lambda a, b: a.clone().copy_(b)),
        ("dot", torch.dot),
        ("mm", lambda a, b: a.view(1, 2) @ b.view(2, 1)),
    ]:
        promote(op, function)
    for op, function in [
        ("add_", lambda a, b: a.clone().add_(b)),
        ("mul_", lambda a, b: a.clone().mul_(b)),
        ("div_", lambda a, b: a.clone().div_(b)),
        ("fill_", lambda a, b: a.clone().fill_(b)),
    ]:
        promote(op, function, "tensor", "scalar")


def results():
    for op, code in [
        ("sum", "x.sum()"),
        ("sum by dim", "x.sum(0)"),
        ("mean", "x.mean()"),
        ("prod", "x.prod()"),
        ("cumsum", "x.cumsum(0)"),
        ("argmax", "x.argmax()"),
        ("max", "x.max()"),
        ("min", "x.min()"),
        ("max by dim", "x.max(0)[0]"),
        ("max by dim, indices", "x.max(0)[1]"),
        ("all", "x.all()"),
        ("any", "x.any()"),
        ("norm", "x.norm()"),
        ("var", "x.var()"),
        ("logsumexp", "x.logsumexp(0)"),
        ("softmax", "x.softmax(0)"),
        ("log_softmax", "x.log_softmax(0)"),
        ("neg", "-x"),
        ("abs", "x.abs()"),
        ("exp", "x.exp()"),
        ("log", "x.log()"),
        ("sqrt", "x.sqrt()"),
        ("rsqrt", "x.rsqrt()"),
        ("reciprocal", "x.reciprocal()"),
        ("square", "x.square()"),
        ("sigmoid", "x.sigmoid()"),
        ("tanh", "x.tanh()"),
        ("relu", "x.relu()"),
        ("gelu", "F.gelu(x)"),
        ("floor", "x.floor()"),
        ("round", "x.round()"),
        ("sign", "x.sign()"),
        ("isnan", "x.isnan()"),
        ("logical_not", "x.logical_not()"),
        ("bitwise_not", "~x"),
        ("clamp int", "x.clamp(0, 1)"),
        ("clamp float", "x.clamp(0.5, 1.5)"),
        ("pow int", "x**2"),
        ("pow float", "x**0.5"),
        ("pow of an int", "2**x"),
        ("pow of a float", "2.5**x"),
        ("rsub", "1 - x"),
        ("rdiv", "1 / x"),
        ("mm", "x.view(2, 1) @ x.view(1, 2)"),
        ("sum to f64", "x.sum(dtype=torch.float64)"),
        ("mean to f32", "x.mean(dtype=torch.float32)"),
        ("exp_", "x.exp_()"),
        ("ones_like", "torch.ones_like(x)"),
        ("full_like", "torch.full_like(x, 1.5)"),
        ("cross_entropy", "F.cross_entropy(x.view(1, 2), torch.tensor([1]))"),
        ("mse_loss", "F.mse_loss(x, x)"),
        ("requires_grad_", "x.requires_grad_()"),
    ]:
        results = {}
        for name, dtype in DTYPES.items():
            x = torch.ones(2, dtype=dtype)
            results[name] = outcome(lambda: eval(code, {"x": x, "torch": torch, "F": F}))
        dtypes.append({"op": op, "code": code, "result": results})
    for code in [
        "torch.tensor([1, 2])",
        "torch.tensor([1.0, 2])",
        "torch.tensor([True, False])",
        "torch.tensor([True, 2])",
        "torch.tensor(3)",
        "torch.tensor(3.5)",
        "torch.zeros(2)",
        "torch.full([2], 1)",
        "torch.full([2], 1.5)",
        "torch.full([2], True)",
        "torch.arange(3)",
        "torch.arange(3.0)",
        "torch.arange(0, 3, 0.5)",
        "torch.linspace(0, 1, 3)",
        "torch.eye(2)",
        "torch.rand(2)",
        "torch.randint(5, [2])",
        "torch.randperm(3)",
    ]:
        made = SHORT[eval(code).dtype]
        dtypes.append({"op": "factory", "code": code, "result": {"": made}})


def put(tensor):
    return {"dtype": SHORT[tensor.dtype], **array(tensor)}


def value(name, op, *inputs, args=(), kwargs=None, grads=False, call=None):
    """Records torch.<op> or F.<op>, or `call` of the inputs."""
    inputs = [x.detach().clone() for x in inputs]
    kwargs = kwargs or {}
    entry = {"name": name, "op": op, "inputs": [put(x) for x in inputs]}
    entry["args"], entry["kwargs"] = list(args), kwargs
    if grads:
        for x in inputs:
            x.requires_grad_(x.is_floating_point())
    function = getattr(torch, op, None) or getattr(F, op)
    try:
        got = call(*inputs) if call else function(*inputs, *args, **kwargs)
    except (RuntimeError, IndexError, ValueError) as e:
        entry["error"] = str(e)
    else:
        outputs = list(got) if isinstance(got, tuple) else [got]
        entry["outputs"] = [put(x) for x in outputs]
        if grads:
            outputs[0].sum().backward()
            entry["grads"] = [put(x.grad) if x.grad is not None else None for x in inputs]
    assert all(r["name"] != name for r in value_rows), name
    value_rows.append(entry)


def f64(*data):
    return torch.tensor(data, dtype=torch.float64)


def f32(*data):
    return torch.tensor(data, dtype=torch.float32)


def i64(*data):
    return torch.tensor(data, dtype=torch.int64)


def i32(*data):
    return torch.tensor(data, dtype=torch.int32)


def u8(*data):
    return torch.tensor(data, dtype=torch.uint8)


def boolean(*data):
    return torch.tensor(data, dtype=torch.bool)


def division():
    n, d = i64(7, -7, 7, -7, 0, 6), i64(2, 2, -2, -2, 3, 3)
    for op in ("div", "floor_divide", "remainder", "fmod"):
        value(f"{op} i64", op, n, d)
        value(f"{op} f64", op, n.double(), d.double())
    for mode in ("trunc", "floor"):
        value(f"div {mode} i64", "div", n, d, kwargs={"rounding_mode": mode})
        value(f"div {mode} f64", "div", n.double(), d.double(), kwargs={"rounding_mode": mode})
    value("div by zero f32", "div", f32(1, -1, 0, 1), f32(0, 0, 0, -0.0))
    value("div i64 by zero", "div", i64(1, -1, 0), i64(0, 0, 0))
    value("floor_divide by zero f64", "floor_divide", f64(1, -1, 0), f64(0, 0, 0))
    value("remainder by zero f64", "remainder", f64(1, -1, INF, 5), f64(0, 0, 2, -INF))
    value("remainder i64 by zero", "remainder", i64(1), i64(0))
    value("floor_divide i64 by zero", "floor_divide", i64(1), i64(0))
    value("remainder f64 signs", "remainder", f64(5.5, -5.5, 5.5, -5.5), f64(2, 2, -2, -2))
    value("u8 wraps", "add", u8(250, 3), u8(10, 1))
    value("u8 sub wraps", "sub", u8(3), u8(5))
    value("u8 neg wraps", "neg", u8(0, 1, 255))
    value("i32 mul wraps", "mul", i32(2147483647, 65536), i32(2, 65536))
    value("add bool", "add", boolean(True, True, False), boolean(True, False, False))
    value("mul bool", "mul", boolean(True, True, False), boolean(True, False, False))
    value("add with alpha", "add", f32(1, 2), f32(10, 20), kwargs={"alpha": 0.5})
    value("sub with alpha", "sub", i64(1, 2), i64(10, 20), kwargs={"alpha": 2})
    value("add i64 with float alpha", "add", i64(1), i64(2), kwargs={"alpha": 0.5})
    value("sub bool", "sub", boolean(True), boolean(True))
    value("neg bool", "neg", boolean(True))


def powers():
    base = f64(-2, -2, 0, 0, 0, 1, NAN, INF, -INF, -8)
    exponent = f64(2, 0.5, 0, -1, 2, NAN, 0, 0, 3, 1 / 3)
    value("pow f64", "pow", base, exponent)
    for e in (0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5, INF, NAN):
        value(f"pow scalar {e}", "pow", f64(-2, -0.5, -0.0, 0, 0.5, 2, INF, NAN), args=[e])
    value("pow i64", "pow", i64(-2, 0, 2, 3), i64(3, 0, 10, 0))
    value("pow i64 to a negative tensor", "pow", i64(2, 1, -1, 3), i64(-1, -1, -3, 2))
    value("pow i64 to a negative scalar", "pow", i64(2), args=[-1])
    value("pow i64 to a float scalar", "pow", i64(2, 4, -1), args=[0.5])
    value("pow u8 wraps", "pow", u8(2, 3, 16), u8(7, 6, 2))
    for e in (0, 1, 2, 3, 0.5, -1):
        value(f"pow gradient at 0, scalar {e}", "pow", f64(0, -0.0), args=[e], grads=True)
    x, y = f64(0, 0, 0, 2, -2, 1), f64(0, 1, 2, 3, 2, 0)
    value("pow gradients", "pow", x, y, grads=True)
    value("sqrt gradient", "sqrt", f64(0, 4, -1), grads=True)
    value("log gradient", "log", f64(0, 2, -1), grads=True)


def maxima():
    nan = f32(1, NAN, 3, -INF)
    for op in ("max", "min", "argmax", "argmin"):
        value(f"{op} with nan", op, nan)
        value(f"{op} with nan by dim", op, nan.view(2, 2), args=[1])
        value(f"{op} of a tie", op, f32(2, 5, 5, 2, 2))
        value(f"{op} of a tie by dim", op, f32(2, 5, 5, 2, 2), args=[0])
        value(f"{op} i64", op, i64(3, -7, 9, 9))
        value(f"{op} bool", op, boolean(False, True, True))
        value(f"{op} of nothing", op, torch.zeros(0))
        value(f"{op} of nothing by dim", op, torch.zeros(0, 3), args=[0])
        value(f"{op} of nothing by another dim", op, torch.zeros(0, 3), args=[1])
        value(f"{op} keepdim", op, f32(1, 3, 2, 5).view(2, 2), args=[1], kwargs={"keepdim": True})
    value("maximum with nan", "maximum", f32(1, NAN, NAN, 2), f32(NAN, 1, NAN, -INF))
    value("minimum with nan", "minimum", f32(1, NAN, NAN, 2), f32(NAN, 1, NAN, -INF))
    x = f32(-3, -1, 0, 2, NAN, INF, -INF)
    value("clamp", "clamp", x, args=[-1, 1])
    value("clamp min alone", "clamp", x, kwargs={"min": 0})
    value("clamp max alone", "clamp", x, kwargs={"max": 0.5})
    value("clamp to nan", "clamp", x, args=[NAN, 1.0])
    value("clamp min above max", "clamp", x, args=[2, 1])
    value("clamp i64", "clamp", i64(-3, 0, 5), args=[-1, 1])
    value("clamp with tensors", "clamp", f32(-3, 0, NAN, 5), f32(-1, 1, 0, 0), f32(1, 2, 1, NAN))
    value("sum of nothing", "sum", torch.zeros(0))
    value("sum of nothing by dim", "sum", torch.zeros(0, 3), args=[0])
    value("mean of nothing", "mean", torch.zeros(0))
    value("prod of nothing", "prod", torch.zeros(0))
    value("all of nothing", "all", torch.zeros(0, dtype=torch.bool))
    value("any of nothing", "any", torch.zeros(0, dtype=torch.bool))
    value("all of nan", "all", f32(NAN, 1))
    value("norm of nothing", "norm", torch.zeros(0))
    value("eq with nan", "eq", f32(NAN, 1, -0.0), f32(NAN, 1, 0))
    value("lt with nan", "lt", f32(NAN, 1, -0.0), f32(1, NAN, 0))


def kinks():
    tie = f64(1, 3, 3, 2, 3)
    for op in ("max", "min", "amax", "amin"):
        row = tie if "max" in op else -tie
        value(f"{op} gradient at a tie", op, row, grads=True)
        value(f"{op} gradient at a tie by dim", op, row, args=[0], grads=True)
        nan = f64(1, NAN, 3, NAN)
        value(f"{op} gradient with nan", op, nan, grads=True)
    for op in ("maximum", "minimum"):
        value(f"{op} gradient at a tie", op, f64(1, 2, 3), f64(1, 3, 2), grads=True)
        value(f"{op} gradient with nan", op, f64(NAN, 1), f64(1, NAN), grads=True)
    at = f64(-1, -0.0, 0, 1, NAN)
    for op in ("abs", "relu", "sign", "gelu", "sigmoid", "tanh"):
        value(f"{op} gradient at 0", op, at, grads=True)
    value("norm gradient at 0", "norm", f64(0, 0), grads=True)
    value("norm gradient", "norm", f64(3, 4), grads=True)
    for p in (0, 1, 2, 3, INF, -INF, 0.5):
        value(f"norm p {p}", "norm", f64(3, -4, 0), args=[p], grads=True)
        value(f"norm p {p} at 0", "norm", f64(0, 0), args=[p], grads=True)
    rows = f64(3, 4, 0, 0).view(2, 2)
    value("norm by dim", "norm", rows, args=[2, 1], grads=True)
    value("norm by dim, keepdim", "norm", rows, args=[2, 1], kwargs={"keepdim": True}, grads=True)
    value("norm inf at a tie", "norm", f64(4, -4, 1), args=[INF], grads=True)
    value(
        "clamp gradient at the ends", "clamp", f64(-2, -1, 0, 1, 2, NAN), args=[-1, 1], grads=True
    )
    value("clamp gradient, equal ends", "clamp", f64(0, 1, 2), args=[1, 1], grads=True)
    value("where gradient", "where", boolean(True, False), f64(1, NAN), f64(NAN, 2), grads=True)
    value("prod gradient with a zero", "prod", f64(2, 0, 3), grads=True)
    value("prod gradient with two zeros", "prod", f64(0, 0, 3), grads=True)
    value("mul gradient by nan", "mul", f64(0, 1), f64(NAN, 2), grads=True)
    value("div gradient by zero", "div", f64(1, 0), f64(0, 0), grads=True)
    value("std gradient of a constant", "std", f64(2, 2, 2), grads=True)
    value(
        "max_pool2d gradient at a tie",
        "max_pool2d",
        torch.ones(1, 2, 2).double(),
        args=[2],
        grads=True,
    )


def exponentials():
    rows = f64(0, -INF, -INF, -INF, 1, INF, NAN, 0, 1000, 0).view(5, 2)
    for op in ("softmax", "log_softmax", "logsumexp"):
        value(f"{op} of inf and nan", op, rows, args=[1], grads=True)
        value(f"{op} of nothing", op, torch.zeros(0, 3), args=[1])
        value(f"{op} over nothing", op, torch.zeros(3, 0), args=[1])
    value("logsumexp of -inf", "logsumexp", f64(-INF, -INF), args=[0], grads=True)
    value("logsumexp of inf", "logsumexp", f64(INF, INF), args=[0], grads=True)
    value("logsumexp of large numbers", "logsumexp", f64(1000, 1000), args=[0], grads=True)
    value("logsumexp of 2 dims", "logsumexp", f64(1, 2, 3, 4).view(2, 2), args=[[0, 1]], grads=True)
    value("softmax of a 0-d tensor", "softmax", torch.tensor(3.0), args=[0])
    value("exp at the ends", "exp", f64(-INF, -1000, 0, 1000, INF, NAN))
    value("log at the ends", "log", f64(-1, -0.0, 0, 1, INF, NAN))
    value("sqrt at the ends", "sqrt", f64(-1, -0.0, 0, 4, INF, NAN))
    value("sigmoid at the ends", "sigmoid", f64(-INF, -1000, -40, 0, 40, 1000, INF, NAN))
    value("tanh at the ends", "tanh", f64(-INF, -1000, -1e-9, 0, 1e-9, 1000, INF, NAN))
    value("round", "round", f64(-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 2.4))
    value("sign", "sign", f64(-2, -0.0, 0, 3, NAN))


def shapes():
    x = torch.arange(6).view(2, 3).float()
    value("sum keepdim", "sum", x, args=[1], kwargs={"keepdim": True})
    value("sum of dims", "sum", x, args=[[0, 1]])
    value("sum of no dims", "sum", x, args=[[]])
    value("mean of a negative dim", "mean", x, args=[-1])
    value("argmax of all", "argmax", x)
    value("argmax keepdim of all", "argmax", x, kwargs={"keepdim": True})
    value("matmul of vectors", "matmul", f32(1, 2), f32(3, 4))
    value("matmul of a matrix and a vector", "matmul", x, f32(1, 2, 3))
    value("matmul of a vector and a matrix", "matmul", f32(1, 2), x)
    value("matmul broadcasts", "matmul", torch.ones(2, 1, 2, 3), torch.ones(3, 3, 1))
    value("matmul over nothing", "matmul", torch.zeros(2, 0), torch.zeros(0, 3))
    value("matmul i64", "matmul", i64(1, 2, 3, 4).view(2, 2), i64(5, 6))
    value("arange", "arange", args=[1, 2.5, 0.5])
    value("arange down", "arange", args=[3, 0, -1])
    value("arange of nothing", "arange", args=[3, 3])
    value("linspace", "linspace", args=[3, 10, 5])
    value("linspace of one", "linspace", args=[3, 10, 1])
    value("linspace of none", "linspace", args=[3, 10, 0])
    value("eye", "eye", args=[2, 3])
    picks = torch.tensor([[0, 2], [1, 1]])
    value("gather", "gather", x, picks, args=[1], call=lambda x, i: x.gather(1, i))
    order = torch.tensor([2, 0, 2])
    value(
        "index_select", "index_select", x, order, args=[1], call=lambda x, i: x.index_select(1, i)
    )


def fails(name, code, **names):
    """The text of the error that the code raises; x is f32 [2, 3], v f32 [3], k i64 [3]."""
    scope = {"torch": torch, "F": F, "nn": torch.nn}
    scope.update(x=torch.ones(2, 3), v=torch.ones(3), k=torch.ones(3, dtype=torch.int64), **names)
    try:
        exec(code, scope)
    except Exception as e:
        entry = {"name": name, "code": code, "type": type(e).__name__, "text": str(e)}
    else:
        raise AssertionError(f"no error: {code}")
    assert all(r["name"] != name for r in errors), name
    errors.append(entry)


def error_texts():
    for name, code in [
        ("index too large", "v[5]"),
        ("index too small", "v[-4]"),
        ("index too large in dim 1", "x[0, 3]"),
        ("index of a 0-d tensor", "torch.tensor(1.0)[0]"),
        ("too many indices", "v[0, 0]"),
        ("select dim", "v.select(1, 0)"),
        ("select index", "v.select(0, 3)"),
        ("narrow too long", "v.narrow(0, 2, 2)"),
        ("narrow start", "v.narrow(0, 4, 1)"),
        ("narrow negative length", "v.narrow(0, 0, -1)"),
        ("slice step", "v[::-1]"),
        ("dim out of range", "v.sum(1)"),
        ("dim out of range, negative", "x.sum(-3)"),
        ("dim of a 0-d tensor", "torch.tensor(1.0).sum(1)"),
        ("dim twice", "x.sum([0, 0])"),
        ("transpose dim", "x.transpose(0, 2)"),
        ("t of 3-d", "torch.ones(1, 1, 1).t()"),
        ("permute length", "x.permute(0)"),
        ("permute twice", "x.permute(0, 0)"),
        ("unsqueeze dim", "v.unsqueeze(3)"),
        ("squeeze dim", "v.squeeze(1)"),
        ("flatten dims", "x.flatten(1, 0)"),
        ("view size", "x.view(4)"),
        ("view -1 does not divide", "x.view(4, -1)"),
        ("view two -1", "x.view(-1, -1)"),
        ("view negative size", "x.view(-2, 3)"),
        ("view of strides", "x.t().view(6)"),
        ("reshape size", "x.reshape(7)"),
        ("reshape -1 of nothing", "torch.ones(0, 3).reshape(0, -1)"),
        ("expand", "v.expand(4)"),
        ("expand of 2-d", "x.expand(2, 4)"),
        ("expand to fewer dims", "x.expand(3)"),
        ("expand -1 in front", "v.expand(-1, 3)"),
        ("negative size", "torch.zeros(-1)"),
        ("add shapes", "x + torch.ones(2)"),
        ("add shapes 2-d", "torch.ones(2, 3) + torch.ones(3, 2)"),
        ("mul shapes", "torch.ones(4, 1, 3) * torch.ones(2)"),
        ("in-place broadcast", "v.add_(x)"),
        ("in-place cast", "k.add_(1.5)"),
        ("in-place cast of tensors", "k.mul_(v)"),
        ("in-place div", "k.div_(2)"),
        ("in-place cast to bool", "torch.tensor([True]).add_(torch.tensor([1]))"),
        ("copy_ shape", "v.copy_(torch.ones(2))"),
        ("assign shape", "x[0] = torch.ones(2)"),
        ("assign to expanded", "torch.ones(1).expand(3).add_(1)"),
        ("sub of bools", "torch.tensor([True]) - torch.tensor([True])"),
        ("sub of a bool and a number", "True - torch.tensor([True])"),
        ("neg of bools", "-torch.tensor([True])"),
        ("mean of integers", "k.mean()"),
        ("softmax of integers", "k.softmax(0)"),
        ("norm of integers", "k.norm()"),
        ("integer to a negative power", "k ** -1"),
        ("integer division by zero", "k // torch.zeros(3, dtype=torch.int64)"),
        ("max of nothing", "torch.ones(0).max()"),
        ("max of nothing by dim", "torch.ones(2, 0).max(1)"),
        ("argmax of nothing", "torch.ones(0).argmax()"),
        ("argmax of nothing by dim", "torch.ones(2, 0).argmax(1)"),
        ("clamp without bounds", "v.clamp()"),
        ("mm shapes", "torch.mm(x, x)"),
        ("mm dims", "torch.mm(v, x)"),
        ("mm dims, second", "torch.mm(x, v)"),
        ("mm dtypes", "torch.mm(x, x.t().double())"),
        ("mm dtypes, integers", "torch.mm(x, torch.ones(3, 2, dtype=torch.int64))"),
        ("matmul shapes", "x @ x"),
        ("matmul vectors", "v @ torch.ones(2)"),
        ("matmul matrix and vector", "x @ torch.ones(2)"),
        ("matmul vector and matrix", "v @ x"),
        ("matmul of a 0-d tensor", "torch.tensor(1.0) @ v"),
        ("matmul batches", "torch.ones(2, 2, 3) @ torch.ones(3, 3, 2)"),
        ("bmm dims", "torch.bmm(x, x)"),
        ("bmm batches", "torch.bmm(torch.ones(2, 2, 3), torch.ones(3, 3, 2))"),
        ("bmm shapes", "torch.bmm(torch.ones(2, 2, 3), torch.ones(2, 2, 3))"),
        ("addmm bias", "torch.addmm(torch.ones(4), x, x.t())"),
        ("addmm shapes", "torch.addmm(v, x, x)"),
        ("dot shapes", "torch.dot(v, torch.ones(2))"),
        ("cat shapes", "torch.cat([x, torch.ones(2, 2)])"),
        ("cat dims", "torch.cat([x, v])"),
        ("cat of nothing", "torch.cat([])"),
        ("cat of 0-d", "torch.cat([torch.tensor(1.0), torch.tensor(2.0)])"),
        ("cat dim", "torch.cat([v, v], 1)"),
        ("stack shapes", "torch.stack([v, torch.ones(2)])"),
        ("stack of nothing", "torch.stack([])"),
        ("item of several", "v.item()"),
        ("item of none", "torch.ones(0).item()"),
        ("bool of several", "bool(v)"),
        ("bool of none", "bool(torch.ones(0))"),
        ("from a ragged list", "torch.tensor([[1, 2], [3]])"),
        ("linspace steps", "torch.linspace(0, 1, -1)"),
        ("arange step 0", "torch.arange(0, 3, 0)"),
        ("arange step sign", "torch.arange(0, 3, -1)"),
        ("eye negative", "torch.eye(-1)"),
        ("randint range", "torch.randint(3, 3, [2])"),
        ("randperm negative", "torch.randperm(-1)"),
        ("index_select index", "x.index_select(1, torch.tensor([3]))"),
        ("index_select dim", "v.index_select(1, torch.tensor([0]))"),
        ("index_select dtype", "v.index_select(0, torch.ones(2))"),
        ("index_select index dims", "v.index_select(0, torch.zeros(1, 1, dtype=torch.int64))"),
        ("gather index", "x.gather(1, torch.tensor([[3]]))"),
        ("gather negative index", "x.gather(1, torch.tensor([[-1]]))"),
        ("gather dims", "x.gather(1, torch.tensor([0]))"),
        ("gather dtype", "x.gather(1, torch.ones(1, 1))"),
        ("gather index larger", "x.gather(1, torch.zeros(3, 1, dtype=torch.int64))"),
        ("tensor index out of range", "v[torch.tensor([0, 3])]"),
        ("tensor index dtype", "v[torch.ones(2)]"),
        ("mask shape", "v[torch.tensor([True, False])]"),
        ("tensor indices do not broadcast", "x[torch.tensor([0, 1]), torch.tensor([0, 1, 2])]"),
        ("embedding index", "F.embedding(torch.tensor([5]), torch.ones(5, 2))"),
        ("embedding negative index", "F.embedding(torch.tensor([-1]), torch.ones(5, 2))"),
        ("embedding dtype", "F.embedding(torch.ones(1), torch.ones(5, 2))"),
        ("embedding weight", "F.embedding(torch.tensor([1]), v)"),
        ("embedding padding_idx", "nn.Embedding(5, 2, padding_idx=5)"),
        ("linear shapes", "F.linear(x, torch.ones(4, 2))"),
        ("linear module", "nn.Linear(4, 2)(x)"),
        ("linear dtypes", "nn.Linear(3, 2)(x.double())"),
        ("conv2d dims", "F.conv2d(x, torch.ones(1, 1, 2, 2))"),
        ("conv2d channels", "F.conv2d(torch.ones(1, 2, 4, 4), torch.ones(1, 1, 2, 2))"),
        ("conv2d kernel too large", "F.conv2d(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 3, 3))"),
        (
            "conv2d groups",
            "F.conv2d(torch.ones(1, 3, 4, 4), torch.ones(2, 1, 2, 2), groups=2)",
        ),
        ("conv2d groups of outputs", "nn.Conv2d(2, 3, 1, groups=2)"),
        ("conv2d groups of inputs", "nn.Conv2d(3, 2, 1, groups=2)"),
        ("conv2d bias", "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(2, 1, 2, 2), v)"),
        ("conv2d stride", "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2), stride=0)"),
        (
            "conv2d padding",
            "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2), padding=-1)",
        ),
        (
            "conv2d dtypes",
            "F.conv2d(torch.ones(1, 1, 4, 4), torch.ones(1, 1, 2, 2, dtype=torch.float64))",
        ),
        ("max_pool2d dims", "F.max_pool2d(x, 2)"),
        ("max_pool2d kernel too large", "F.max_pool2d(torch.ones(1, 1, 2, 2), 3)"),
        ("max_pool2d padding", "F.max_pool2d(torch.ones(1, 1, 4, 4), 2, padding=2)"),
        ("max_pool2d kernel 0", "F.max_pool2d(torch.ones(1, 1, 4, 4), 0)"),
        ("layer_norm shape", "F.layer_norm(x, [2])"),
        ("layer_norm weight", "F.layer_norm(x, [3], weight=torch.ones(2))"),
        ("batch_norm channels", "nn.BatchNorm1d(4)(x)"),
        ("batch_norm dims 1d", "nn.BatchNorm1d(3)(torch.ones(1, 3, 2, 2))"),
        ("batch_norm dims 2d", "nn.BatchNorm2d(3)(x)"),
        ("batch_norm of one value", "nn.BatchNorm1d(3)(torch.ones(1, 3))"),
        ("dropout p", "F.dropout(x, 1.5)"),
        ("dropout module p", "nn.Dropout(-0.1)"),
        ("cross_entropy target too large", "F.cross_entropy(x, torch.tensor([0, 3]))"),
        ("cross_entropy target negative", "F.cross_entropy(x, torch.tensor([0, -1]))"),
        ("cross_entropy batch", "F.cross_entropy(x, torch.tensor([0, 1, 2]))"),
        ("cross_entropy target dtype", "F.cross_entropy(x, torch.ones(2))"),
        (
            "cross_entropy target i32",
            "F.cross_entropy(x, torch.zeros(2, dtype=torch.int32))",
        ),
        ("cross_entropy weight", "F.cross_entropy(x, torch.tensor([0, 1]), torch.ones(2))"),
        ("cross_entropy reduction", "F.cross_entropy(x, torch.tensor([0, 1]), reduction='max')"),
        (
            "cross_entropy label_smoothing",
            "F.cross_entropy(x, torch.tensor([0, 1]), label_smoothing=2.0)",
        ),
        ("nll_loss dims", "F.nll_loss(torch.tensor(1.0), torch.tensor(0))"),
        ("nll_loss batch", "F.nll_loss(x, torch.tensor([0]))"),
        ("nll_loss target dims", "F.nll_loss(x, torch.tensor([[0, 1]]))"),
        ("nll_loss target i32", "F.nll_loss(x, torch.zeros(2, dtype=torch.int32))"),
        ("bce_with_logits shapes", "F.binary_cross_entropy_with_logits(x, v)"),
        ("mse_loss shapes", "F.mse_loss(x, torch.ones(4))"),
        ("where condition", "torch.where(x, x, x)"),
        ("where shapes", "torch.where(torch.tensor([True, False]), v, v)"),
        ("one_hot range", "F.one_hot(torch.tensor([3]), 3)"),
        ("to an unknown device index", "torch.ones(1).to('meta:-2')"),
        ("unknown device", "torch.device('gpu')"),
        (
            "load_state_dict missing",
            "nn.Linear(2, 1).load_state_dict({'weight': torch.ones(1, 2)})",
        ),
        (
            "load_state_dict unexpected",
            "nn.Linear(2, 1, bias=False).load_state_dict({'weight': torch.ones(1, 2), 'b': v})",
        ),
        (
            "load_state_dict shape",
            "nn.Linear(2, 1, bias=False).load_state_dict({'weight': torch.ones(2, 2)})",
        ),
        ("register_parameter twice", "m = nn.Linear(1, 1); m.register_buffer('weight', v)"),
        ("register_parameter of a result", "nn.Linear(1, 1).register_parameter('w', v)"),
        ("register_buffer name with a dot", "nn.Linear(1, 1).register_buffer('a.b', v)"),
        ("register_buffer empty name", "nn.Linear(1, 1).register_buffer('', v)"),
        ("register_module name with a dot", "nn.Linear(1, 1).add_module('a.b', nn.ReLU())"),
        ("register_module twice", "nn.Linear(1, 1).add_module('weight', nn.ReLU())"),
        ("SGD lr", "torch.optim.SGD([nn.Parameter(v)], lr=-1.0)"),
        ("SGD momentum", "torch.optim.SGD([nn.Parameter(v)], lr=0.1, momentum=-1.0)"),
        ("SGD weight_decay", "torch.optim.SGD([nn.Parameter(v)], lr=0.1, weight_decay=-1.0)"),
        ("SGD nesterov", "torch.optim.SGD([nn.Parameter(v)], lr=0.1, nesterov=True)"),
        ("Adam lr", "torch.optim.Adam([nn.Parameter(v)], lr=-1.0)"),
        ("Adam betas", "torch.optim.Adam([nn.Parameter(v)], betas=(1.0, 0.5))"),
        ("Adam second beta", "torch.optim.Adam([nn.Parameter(v)], betas=(0.5, 1.0))"),
        ("Adam eps", "torch.optim.Adam([nn.Parameter(v)], eps=-1.0)"),
        ("Adam weight_decay", "torch.optim.Adam([nn.Parameter(v)], weight_decay=-1.0)"),
        ("optimizer without parameters", "torch.optim.SGD([], lr=0.1)"),
        ("optimizer of a result", "torch.optim.SGD([nn.Parameter(v) * 1], lr=0.1)"),
        (
            "optimizer parameter in two groups",
            "p = nn.Parameter(v); torch.optim.SGD([{'params': [p]}, {'params': [p]}], lr=0.1)",
        ),
    ]:
        fails(name, code)
    grads = [
        ("backward of a vector", "(a * 2).backward()"),
        ("backward of no graph", "v.sum().backward()"),
        ("backward gradient shape", "(a * 2).backward(torch.ones(2))"),
        ("backward twice", "s = (a * a).sum(); s.backward(); s.backward()"),
        ("grad of an unused input", "torch.autograd.grad((a * 2).sum(), b)"),
        ("grad of an input without grad", "torch.autograd.grad((a * 2).sum(), v)"),
        ("grad of a vector", "torch.autograd.grad(a * 2, a)"),
        ("grad_outputs length", "torch.autograd.grad([a.sum()], [a], grad_outputs=[])"),
        ("grad of nothing", "torch.autograd.grad(a.sum(), [])"),
        ("requires_grad_ of integers", "k.requires_grad_()"),
        ("requires_grad integers", "torch.ones(2, dtype=torch.int64, requires_grad=True)"),
        ("requires_grad_ off on a result", "(a * 1).requires_grad_(False)"),
        ("leaf in place", "a.add_(1)"),
        ("leaf view in place", "a[0].mul_(2)"),
        ("leaf assigned", "a[0] = 1"),
        ("expanded leaf in place", "a.view(1, 3).expand(2, 3).add_(1)"),
        ("saved modified", "y = a.exp(); z = y * y; y.add_(1); z.sum().backward()"),
        ("retain_grad without grad", "v.retain_grad()"),
        ("item with grad of several", "(a * 2).item()"),
        ("numpy of grad", "a.numpy()"),
        ("set grad of another shape", "a.grad = torch.ones(2)"),
        ("set grad of another dtype", "a.grad = torch.ones(3, dtype=torch.float64)"),
        ("detach_ of a view", "(a * 1)[0].detach_()"),
        ("hook without grad", "v.register_hook(print)"),
        ("unbind view in place", "y = (a * 1).unbind(); y[0].mul_(2)"),
        ("split view in place", "y = (a * 1).split(1); y[0].mul_(2)"),
        (
            "view under no_grad in place",
            "v2 = v.clone()\nwith torch.no_grad(): y = v2[:2]\ny.mul_(a[:2])",
        ),
    ]
    for name, code in grads:
        a = torch.ones(3, requires_grad=True)
        fails(name, code, a=a, b=torch.ones(2, requires_grad=True))


for part in [
    promotions,
    results,
    division,
    powers,
    maxima,
    kinks,
    exponentials,
    shapes,
    error_texts,
]:
    part()
write(
    __file__,
    {"promotion": promotion, "dtypes": dtypes, "values": value_rows, "errors": errors},
)
