# SPDX-License-Identifier: MIT
"""What the reference scripts share: dtypes by short names; JSON that is small, stable and exact.

Numbers are the shortest decimals that round-trip in the tensor's dtype (float16 and bfloat16 as
float32; whole numbers without a point); not-a-number and the infinities are the strings "nan",
"inf" and "-inf". Tensors are flat lists in row-major order. Each list of rows has one row a line.
"""

import json
import math
import pathlib

import numpy
import torch

torch.set_num_threads(1)  # the last digits of some sums depend on how they are split

DTYPES = {
    "f32": torch.float32,
    "f64": torch.float64,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "i64": torch.int64,
    "i32": torch.int32,
    "u8": torch.uint8,
    "bool": torch.bool,
}
SHORT = {dtype: name for name, dtype in DTYPES.items()}


class Single(float):
    """A float32 value: written with as few digits as float32 needs."""


def values(tensor):
    """The tensor's elements, flat, as they are to be written."""
    flat = tensor.detach().flatten()
    if flat.dtype in (torch.float16, torch.bfloat16, torch.float32):
        return [Single(x) for x in flat.to(torch.float64).tolist()]
    return flat.tolist()


def array(tensor):
    """A tensor with its shape: {"shape": [...], "data": [...]}; its dtype is stated by the row."""
    return {"shape": list(tensor.shape), "data": values(tensor)}


def number(x):
    if math.isnan(x):
        return '"nan"'
    if math.isinf(x):
        return '"inf"' if x > 0 else '"-inf"'
    if x == int(x) and abs(x) < 1e7 and not (x == 0 and math.copysign(1, x) < 0):
        return str(int(x))
    text = str(numpy.float32(x)) if isinstance(x, Single) else repr(float(x))
    if isinstance(x, Single):
        assert float(numpy.float32(float(text))) == float(x)
    return text


def encode(x):
    if isinstance(x, float):
        return number(x)
    if isinstance(x, dict):
        return "{" + ",".join(json.dumps(k) + ":" + encode(v) for k, v in x.items()) + "}"
    if isinstance(x, (list, tuple)):
        return "[" + ",".join(encode(v) for v in x) + "]"
    return json.dumps(x)


def write(script, document):
    """Writes data/<script's name>.json: an object of lists, or one list, with one row per line."""

    def rows(value):
        if isinstance(value, list):
            return "[\n" + ",\n".join(encode(row) for row in value) + "\n]"
        return encode(value)

    if isinstance(document, dict):
        text = (
            "{\n"
            + ",\n".join(json.dumps(k) + ": " + rows(v) for k, v in document.items())
            + "\n}\n"
        )
    else:
        text = rows(document) + "\n"
    json.loads(text)
    script = pathlib.Path(script).resolve()
    (script.parent / "data" / (script.stem + ".json")).write_text(text)
