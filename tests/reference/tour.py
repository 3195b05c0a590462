# SPDX-License-Identifier: MIT
"""Makes data/tour.json and data/tour.txt: the autograd tour, what it prints in Python.

Layout of tour.json: {"steps": [...], "errors": [...]}
  step:  {"section": title, "show": the Python expression printed, "text": exactly what is printed}
  error: {"name": unique name, "code": what raises, in Python, "type": exception, "text": str(e)}
tour.txt is the same as a transcript: "# section", then "expression: text" with a text of several
lines starting on its own line, and the errors as "code -> type: text". Where a tutorial takes
random numbers, fixed ones stand here. A grad_fn is shown by its name alone.
"""

import pathlib

import torch

from common import write

steps = []
errors = []
section = ""


def show(expression, value):
    steps.append({"section": section, "show": expression, "text": str(value)})


def name(tensor):
    return type(tensor.grad_fn).__name__ if tensor.grad_fn is not None else None


def fails(title, code, function):
    try:
        function()
    except Exception as e:
        errors.append({"name": title, "code": code, "type": type(e).__name__, "text": str(e)})
        return
    raise AssertionError(f"no error: {code}")


def recording():
    global section
    section = "Recording"
    x = torch.ones(2, 2, requires_grad=True)
    show("x", x)
    show("x.grad_fn", name(x))
    show("x.is_leaf", x.is_leaf)
    y = x + 2
    show("y = x + 2", y)
    show("y.grad_fn", name(y))
    show("y.is_leaf", y.is_leaf)
    z = y * y * 3
    out = z.mean()
    show("z = y * y * 3", z)
    show("out = z.mean()", out)
    show("z.grad_fn", name(z))
    show("out.grad_fn", name(out))
    section = "Gradients"
    show("x.grad", x.grad)
    out.backward()
    show("out.backward(); x.grad", x.grad)


def requires_grad():
    global section
    section = "requires_grad_"
    a = torch.tensor([[0.5, 2.0], [3.0, -1.0]])
    a = (a * 3) / (a - 1)
    show("a = (a * 3) / (a - 1)", a)
    show("a.requires_grad", a.requires_grad)
    a.requires_grad_(True)
    show("a.requires_grad_(True); a.requires_grad", a.requires_grad)
    show("a", a)
    b = (a * a).sum()
    show("b = (a * a).sum()", b)
    show("b.grad_fn", name(b))


def vector_jacobian():
    global section
    section = "Vector-Jacobian product"
    x = torch.tensor([0.5, -1.25, 0.75], requires_grad=True)
    show("x", x)
    y = x * 2
    doublings = 1
    while y.data.norm() < 1000:
        y = y * 2
        doublings += 1
    show("y doubled while y.data.norm() < 1000", y)
    show("doublings", doublings)
    show("y.data.norm()", y.data.norm())
    v = torch.tensor([0.1, 1.0, 0.0001], dtype=torch.float)
    show("v", v)
    y.backward(v)
    show("y.backward(v); x.grad", x.grad)


def not_recording():
    global section
    section = "Not recording"
    x = torch.tensor([0.5, -1.25, 0.75], requires_grad=True)
    show("x.requires_grad", x.requires_grad)
    show("(x ** 2).requires_grad", (x**2).requires_grad)
    with torch.no_grad():
        show("under no_grad: (x ** 2).requires_grad", (x**2).requires_grad)
        with torch.enable_grad():
            show("under enable_grad in no_grad: (x ** 2).requires_grad", (x**2).requires_grad)
    show("x ** 2", x**2)
    y = x.detach()
    show("y = x.detach(); y.requires_grad", y.requires_grad)
    show("x.eq(y)", x.eq(y))
    show("x.eq(y).all()", x.eq(y).all())
    show("y", y)


def quadratic():
    global section
    section = "A scalar function"
    a = torch.tensor([2.0, 3.0], requires_grad=True)
    show("a", a)
    b = a + 3
    c = b * b * 3
    out = c.mean()
    show("out = mean(3 (a + 3)^2)", out)
    out.backward()
    show("out.backward(); a.grad", a.grad)


def in_place():
    global section
    section = "A vector function, assigned in place"
    m = torch.tensor([[2.0, 3.0]], requires_grad=True)
    n = torch.zeros(1, 2)
    show("m", m)
    show("n = torch.zeros(1, 2)", n)
    n[0, 0] = m[0, 0] ** 2
    show("n[0, 0] = m[0, 0] ** 2; n", n)
    n[0, 1] = m[0, 1] ** 3
    show("n[0, 1] = m[0, 1] ** 3; n", n)
    show("n.grad_fn", name(n))
    show("m[0, 0]", m[0, 0])
    show("m[0, 0] ** 2", m[0, 0] ** 2)
    n.backward(m.data, retain_graph=True)
    show("n.backward(m.data, retain_graph=True); m.grad", m.grad)
    n.backward(torch.ones_like(n), retain_graph=True)
    show("n.backward(torch.ones_like(n), retain_graph=True); m.grad", m.grad)
    m.grad.zero_()
    n.backward(torch.ones_like(n))
    show("m.grad.zero_(); n.backward(torch.ones_like(n)); m.grad", m.grad)


class Line(torch.autograd.Function):
    @staticmethod
    def forward(ctx, w, x, b):
        ctx.save_for_backward(w, x, b)
        return w * x + b

    @staticmethod
    def backward(ctx, grad_out):
        w, x, b = ctx.saved_tensors
        return grad_out * x, grad_out * w, grad_out


def custom_function():
    global section
    section = "A function of one's own"
    w = torch.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    x = torch.tensor([[0.5, -1.0], [2.0, 0.25]], requires_grad=True)
    b = torch.tensor([[10.0, 20.0], [30.0, 40.0]], requires_grad=True)
    out = Line.apply(w, x, b)
    show("out = line(w, x, b)", out)
    show("out.grad_fn", name(out))
    out.backward(torch.ones(2, 2))
    show("out.backward(torch.ones(2, 2)); w.grad", w.grad)
    show("x.grad", x.grad)
    show("b.grad", b.grad)


def accumulation():
    global section
    section = "Gradients accumulate"
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    for repeat in (1, 2, 3):
        (x * x).sum().backward()
        show(f"(x * x).sum().backward(), {repeat} times; x.grad", x.grad)
    x.grad.zero_()
    show("x.grad.zero_()", x.grad)
    y = x * 2
    y.retain_grad()
    (y * y).sum().backward()
    show("y = x * 2; y.retain_grad(); (y * y).sum().backward(); y.grad", y.grad)
    show("x.grad", x.grad)
    section = "Gradients of gradients"
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
    (g,) = torch.autograd.grad((x**3).sum(), x, create_graph=True)
    show("g = autograd.grad((x ** 3).sum(), x, create_graph=True)", g)
    (h,) = torch.autograd.grad(g.sum(), x)
    show("autograd.grad(g.sum(), x)", h)


def all_errors():
    x = torch.ones(2, 2, requires_grad=True)
    fails("scalar outputs", "(x + 2).backward()", lambda: (x + 2).backward())

    def twice():
        out = (x * x).sum()
        out.backward()
        out.backward()

    fails("freed graph", "out = (x * x).sum(); out.backward(); out.backward()", twice)

    def saved_result():
        y = x.exp()
        y.add_(1)
        y.sum().backward()

    fails("saved result modified", "y = x.exp(); y.add_(1); y.sum().backward()", saved_result)

    def saved_input():
        y = x * 1
        z = y * y
        y.mul_(2)
        z.sum().backward()

    fails(
        "saved input modified", "y = x * 1; z = y * y; y.mul_(2); z.sum().backward()", saved_input
    )

    def saved_leaf():
        w = torch.ones(3, requires_grad=True)
        z = (w * w).sum()
        with torch.no_grad():
            w.add_(1)
        z.backward()

    fails(
        "saved leaf modified",
        "w = ones(3, requires_grad); z = (w * w).sum(); under no_grad: w.add_(1); z.backward()",
        saved_leaf,
    )

    def saved_double():
        w = torch.ones(2, 3, dtype=torch.float64, requires_grad=True)
        y = w.sigmoid()
        y[0, 0] = 5.0
        y.sum().backward()

    fails(
        "saved f64 result modified",
        "w = ones(2, 3, f64, requires_grad); y = w.sigmoid(); y[0, 0] = 5.0; y.sum().backward()",
        saved_double,
    )
    fails("leaf in place", "x.add_(1)", lambda: x.add_(1))
    fails("view of a leaf in place", "x[0].mul_(2)", lambda: x[0].mul_(2))
    fails("leaf by index", "x[0, 0] = 5.0", lambda: x.__setitem__((0, 0), 5.0))
    fails("no grad_fn", "torch.ones(1).backward()", lambda: torch.ones(1).backward())
    fails(
        "gradient of another shape",
        "(x * 2).backward(torch.ones(3))",
        lambda: (x * 2).backward(torch.ones(3)),
    )
    fails(
        "unused input",
        "autograd.grad((x * 2).sum(), torch.ones(1, requires_grad))",
        lambda: torch.autograd.grad((x * 2).sum(), torch.ones(1, requires_grad=True)),
    )
    fails(
        "requires_grad of integers",
        "torch.ones(2, dtype=torch.int64).requires_grad_()",
        lambda: torch.ones(2, dtype=torch.int64).requires_grad_(),
    )
    fails(
        "requires_grad off on a result",
        "(x * 2).requires_grad_(False)",
        lambda: (x * 2).requires_grad_(False),
    )
    fails(
        "retain_grad without grad",
        "torch.ones(2).retain_grad()",
        lambda: torch.ones(2).retain_grad(),
    )


def transcript():
    lines, last = [], None
    for step in steps:
        if step["section"] != last:
            lines += ["", "# " + step["section"]] if lines else ["# " + step["section"]]
            last = step["section"]
        gap = "\n" if "\n" in step["text"] else " "
        lines.append(f"{step['show']}:{gap}{step['text']}")
    lines += ["", "# Errors"]
    lines += [f"{e['code']} -> {e['type']}: {e['text']}" for e in errors]
    return "\n".join(lines) + "\n"


for part in [
    recording,
    requires_grad,
    vector_jacobian,
    not_recording,
    quadratic,
    in_place,
    custom_function,
    accumulation,
    all_errors,
]:
    part()
write(__file__, {"steps": steps, "errors": errors})
(pathlib.Path(__file__).resolve().parent / "data" / "tour.txt").write_text(transcript())
