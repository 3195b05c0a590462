# SPDX-License-Identifier: MIT
"""Makes data/linalg.json: decompositions of matrices, and what is made of them.

Layout: {"cases": [...]}
  case: {"name": unique name, "op": name of OPS below and in tests/ops/linalg_test.cpp,
         "inputs": [ARRAY, ...], "outputs": [ARRAY, ...], "grad_fn": name of the first output's node
         or "", "grad_outputs": [ARRAY or null, ...], "grads": [ARRAY, ...] of the inputs}
  ARRAY: {"shape": [...], "data": [...]}, float64.
Inputs are multiples of 1/8; gradients are those of the sum of outputs * grad_outputs. What is given
up to signs, eigenvectors and singular vectors, is squared.
"""

import torch
from torch import linalg

from common import array, write

torch.manual_seed(7)
cases = []


def eighths(*shape):
    return torch.randint(-16, 17, shape).double() / 8


def definite(*shape):
    x = eighths(*shape)
    return x @ x.mT + torch.eye(shape[-1]).double()


def diagonal(*shape, shift=4):
    return eighths(*shape) + shift * torch.eye(shape[-1]).double()


def squared(result):
    return [result[1], result[0] ** 2, result[2] ** 2]


def lu_solved(a, b, left=True, adjoint=False):
    return linalg.lu_solve(*linalg.lu_factor(a), b, left=left, adjoint=adjoint)


OPS = {
    "cholesky": linalg.cholesky,
    "cholesky_upper": lambda a: linalg.cholesky(a, upper=True),
    "cholesky_ex": lambda a: linalg.cholesky_ex(a)[0],
    "cholesky_solve": lambda b, l: torch.cholesky_solve(b, l.tril()),
    "cholesky_solve_upper": lambda b, u: torch.cholesky_solve(b, u.triu(), upper=True),
    "cholesky_inverse": lambda l: torch.cholesky_inverse(l.tril()),
    "cholesky_inverse_upper": lambda u: torch.cholesky_inverse(u.triu(), upper=True),
    "solve_triangular": lambda a, b: linalg.solve_triangular(a, b, upper=True),
    "solve_triangular_lower_right": lambda a, b: linalg.solve_triangular(
        a, b, upper=False, left=False
    ),
    "solve_triangular_unit": lambda a, b: linalg.solve_triangular(
        a, b, upper=False, unitriangular=True
    ),
    "triangular_solve": lambda b, a: torch.triangular_solve(b, a, transpose=True)[0],
    "solve": linalg.solve,
    "solve_right": lambda a, b: linalg.solve(a, b, left=False),
    "inv": linalg.inv,
    "det": linalg.det,
    "slogdet": linalg.slogdet,
    "logdet": torch.logdet,
    "lu_factor": lambda a: [linalg.lu_factor_ex(a)[0], linalg.lu_factor_ex(a)[1].double()],
    "lu": linalg.lu,
    "lu_solve": lu_solved,
    "lu_solve_adjoint": lambda a, b: lu_solved(a, b, adjoint=True),
    "lu_solve_right": lambda a, b: lu_solved(a, b, left=False),
    "matrix_power_0": lambda a: linalg.matrix_power(a, 0),
    "matrix_power_1": lambda a: linalg.matrix_power(a, 1),
    "matrix_power_5": lambda a: linalg.matrix_power(a, 5),
    "matrix_power_-2": lambda a: linalg.matrix_power(a, -2),
    "qr": linalg.qr,
    "qr_complete": lambda a: linalg.qr(a, mode="complete"),
    "qr_r": lambda a: linalg.qr(a.detach(), mode="r")[1],
    "eigh": lambda a: [linalg.eigh(a)[0], linalg.eigh(a)[1] ** 2],
    "eigh_upper": lambda a: [linalg.eigh(a, UPLO="U")[0], linalg.eigh(a, UPLO="U")[1] ** 2],
    "eigvalsh": linalg.eigvalsh,
    "svd_reduced": lambda a: squared(linalg.svd(a, full_matrices=False)),
    "svd_full": lambda a: [x.detach() for x in squared(linalg.svd(a))],
    "torch_svd": lambda a: squared([*torch.svd(a)]),
    "svdvals": linalg.svdvals,
    "pinv": linalg.pinv,
    "pinv_hermitian": lambda a: linalg.pinv(a, hermitian=True),
    "pinv_rcond": lambda a: linalg.pinv(a, 0.25),
    "matrix_rank": lambda a: linalg.matrix_rank(a).double(),
    "matrix_rank_tol": lambda a: linalg.matrix_rank(a, 1.0).double(),
    "norm_2": lambda a: linalg.matrix_norm(a, 2),
    "norm_-2": lambda a: linalg.matrix_norm(a, -2, (0, 1), True),
    "norm_nuc": lambda a: linalg.matrix_norm(a, "nuc", (1, 0)),
}


def add(op, *inputs):
    inputs = [x.clone().requires_grad_() for x in inputs]
    outputs = OPS[op](*inputs)
    outputs = [outputs] if isinstance(outputs, torch.Tensor) else list(outputs)
    weights = [eighths(*y.shape) if y.requires_grad else None for y in outputs]
    total = sum((y * w).sum() for y, w in zip(outputs, weights) if w is not None)
    recorded = isinstance(total, torch.Tensor)
    node = outputs[0].grad_fn
    cases.append(
        {
            "name": f"{op} " + " ".join(str(list(x.shape)) for x in inputs),
            "op": op,
            "inputs": [array(x) for x in inputs],
            "outputs": [array(y) for y in outputs],
            "grad_fn": "" if node is None else type(node).__name__,
            "grad_outputs": [None if w is None else array(w) for w in weights],
            "grads": [array(g) for g in torch.autograd.grad(total, inputs)] if recorded else [],
        }
    )


for op in ["cholesky", "cholesky_upper", "cholesky_ex", "eigh", "eigh_upper", "eigvalsh"]:
    add(op, definite(4, 4))
    add(op, definite(2, 3, 3))
for op in ["eigh", "eigvalsh", "pinv_hermitian"]:
    x = diagonal(5, 5, shift=-4)
    add(op, x + x.mT)
for op in ["cholesky_solve", "cholesky_solve_upper"]:
    add(op, eighths(4, 2), diagonal(4, 4))
    add(op, eighths(3, 3, 2), diagonal(3, 3))
for op in ["cholesky_inverse", "cholesky_inverse_upper"]:
    add(op, diagonal(4, 4))
for op in ["solve_triangular", "solve_triangular_unit", "lu_solve", "lu_solve_adjoint", "solve"]:
    add(op, diagonal(4, 4), eighths(4, 2))
    add(op, diagonal(2, 3, 3, shift=-4), eighths(3, 2))
for op in ["solve_triangular_lower_right", "solve_right", "lu_solve_right"]:
    add(op, diagonal(4, 4), eighths(2, 4))
add("triangular_solve", eighths(4, 2), diagonal(4, 4))
add("solve", diagonal(4, 4), eighths(4))
add("solve", diagonal(2, 3, 3), eighths(2, 3))
for op in ["inv", "det", "slogdet", "lu_factor", "lu", "pinv", "svdvals"]:
    add(op, diagonal(4, 4, shift=-2))
    add(op, diagonal(2, 3, 3))
add("logdet", definite(4, 4))
add("logdet", diagonal(4, 4, shift=-8))
for n in ["0", "1", "5", "-2"]:
    add("matrix_power_" + n, diagonal(3, 3, shift=2))
for op in ["lu_factor", "lu", "qr", "svd_reduced", "torch_svd", "svdvals", "pinv", "qr_r"]:
    for shape in [(3, 3), (5, 3), (3, 5), (2, 4, 3)]:
        add(op, eighths(*shape))
add("qr_complete", eighths(3, 5))
for shape in [(3, 3), (4, 3), (3, 4)]:  # more columns beyond the rank would not be unique
    add("svd_full", eighths(*shape))
for op in ["pinv_rcond", "matrix_rank", "matrix_rank_tol", "norm_2", "norm_-2", "norm_nuc"]:
    add(op, eighths(4, 3))
add("matrix_rank", eighths(2, 5, 2) @ eighths(2, 2, 4))
add("pinv", eighths(5, 2) @ eighths(2, 4))
write(__file__, {"cases": cases})
