# SPDX-License-Identifier: MIT
"""Makes the small IDX and CSV files in tests/data for the readers' tests, good and broken ones.

IDX (MNIST's format): a big-endian 32-bit magic 0x000008DD (08 = unsigned byte, DD = number of
dimensions), one 32-bit size for each dimension, then the bytes. Here: 5 images of 4 rows and 3
columns, pixel k of image i = (37 * i + 11 * k) % 256, and the labels 7, 2, 1, 0, 9. The name of a
broken file says what is wrong with it. Uses the standard library only.
"""

import gzip
import pathlib
import struct

COUNT, ROWS, COLUMNS = 5, 4, 3
LABELS = [7, 2, 1, 0, 9]
DATA = pathlib.Path(__file__).resolve().parent.parent / "data"


def idx(sizes, payload, magic=None):
    magic = 0x800 + len(sizes) if magic is None else magic
    return struct.pack(f">{1 + len(sizes)}I", magic, *sizes) + bytes(payload)


def packed(content):
    return gzip.compress(content, mtime=0)


def idx_files():
    size = ROWS * COLUMNS
    pixels = [(37 * i + 11 * k) % 256 for i in range(COUNT) for k in range(size)]
    images = idx([COUNT, ROWS, COLUMNS], pixels)
    labels = idx([COUNT], LABELS)
    bad_sum = bytearray(packed(images))
    bad_sum[-8] ^= 0xFF  # the stored CRC-32 begins 8 bytes before the end
    return {
        "images.idx3-ubyte": images,
        "labels.idx1-ubyte": labels,
        "images.idx3-ubyte.gz": packed(images),
        "labels.idx1-ubyte.gz": packed(labels),
        "no_images.idx3-ubyte": idx([0, ROWS, COLUMNS], []),
        # Broken from here on.
        "wrong_magic.idx3-ubyte": idx([COUNT, ROWS, COLUMNS], pixels, magic=0x12345678),
        "float_pixels.idx3-ubyte": idx([COUNT, ROWS, COLUMNS], pixels, magic=0xD03),
        "truncated.idx3-ubyte": images[:-7],
        "truncated_header.idx3-ubyte": images[:10],
        "trailing_bytes.idx3-ubyte": images + b"\0\0\0",
        "huge_sizes.idx3-ubyte": idx([0xFFFFFFFF] * 3, pixels),
        "empty.idx3-ubyte": b"",
        "truncated.idx3-ubyte.gz": packed(images)[:-20],
        "bad_checksum.idx3-ubyte.gz": bytes(bad_sum),
        "not_gzip.idx3-ubyte.gz": b"this is no gzip file\n",
        "four_labels.idx1-ubyte": idx(
            [4], LABELS[:4]
        ),  # fine alone; one label too few for images.idx3-ubyte
    }


def csv_files():
    good = b"1,2,3,0\n4,5,6,1\n7,8,9,2\n"
    return {
        "good.csv": good,
        "good.csv.gz": packed(good),
        "crlf.csv": good.replace(b"\n", b"\r\n"),
        "no_final_newline.csv": good[:-1],
        "header.csv": b"a,b,c,label\n" + good,
        "floats.csv": b"0.5,-1.25,3\n1e-3,+2.5E2,-0\n 7.0 ,8. ,.25\n",
        "blank_lines.csv": b"1,2\n\n3,4\n\n",
        # Broken from here on.
        "ragged.csv": b"1,2,3,0\n4,5,6\n7,8,9,2\n",
        "not_a_number.csv": b"1,2,3,0\n4,five,6,1\n",
        "missing_value.csv": b"1,2,3,0\n4,,6,1\n",
        "trailing_garbage.csv": b"1,2,3,0\n4,5x,6,1\n",
        "empty.csv": b"",
    }


def main():
    DATA.mkdir(exist_ok=True)
    for name, content in {**idx_files(), **csv_files()}.items():
        (DATA / name).write_bytes(content)


if __name__ == "__main__":
    main()
