"""The reference implementation of safetensors, for the tests of compute/safetensors.

usage: peer.py resave IN OUT    loads IN and saves what it has read as OUT
       peer.py dump IN          prints what numpy reads, as JSON
       peer.py tables OUT       every bit pattern of the small floats, with its value
       peer.py verdicts DIR     prints for every file whether it is accepted, as JSON
       peer.py vectors DIR      makes the files of testdata
"""

import json
import os
import sys

import ml_dtypes
import numpy as np
from safetensors import SafetensorError, TensorSpec, deserialize, safe_open, serialize
from safetensors.numpy import load_file, save_file

# What the writer calls the types that files call so.
WRITTEN = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "U16": "uint16", "I16": "int16", "U32": "uint32", "I32": "int32",
    "U64": "uint64", "I64": "int64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "C64": "complex64", "F4": "float4_e2m1fn_x2", "F8_E4M3": "float8_e4m3fn", "F8_E5M2": "float8_e5m2",
    "F8_E4M3FNUZ": "float8_e4m3fnuz", "F8_E5M2FNUZ": "float8_e5m2fnuz", "F8_E8M0": "float8_e8m0fnu",
}
# The small floats by an implementation that is not ours.
FLOATS = {
    "F16": np.float16, "BF16": ml_dtypes.bfloat16, "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E5M2": ml_dtypes.float8_e5m2, "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz, "F8_E8M0": ml_dtypes.float8_e8m0fnu,
}
BITS = {"F4": 4, "F16": 16, "BF16": 16, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "F32": 32,
        "U64": 64, "I64": 64, "F64": 64, "C64": 64}


def save(tensors, metadata):
    """Bytes of a file of (name, dtype, shape, bytes), as the reference writes it."""
    keep, specs = [], {}
    for name, dtype, shape, data in tensors:
        array = np.frombuffer(data, dtype=np.uint8) if data else np.zeros(1, dtype=np.uint8)
        keep.append(array)
        shape = list(shape)
        if dtype == "F4":  # given as pairs
            shape[-1] //= 2
        specs[name] = TensorSpec(dtype=WRITTEN[dtype], shape=shape, data_ptr=array.ctypes.data, data_len=len(data))
    return bytes(serialize(specs, metadata))


def resave(path, out):
    with open(path, "rb") as f:
        tensors = deserialize(f.read())
    with safe_open(path, framework="np") as f:
        metadata = f.metadata()
    with open(out, "wb") as f:
        f.write(save([(name, t["dtype"], t["shape"], bytes(t["data"])) for name, t in tensors], metadata))


def dump(path):
    out = {}
    for name, a in load_file(path).items():
        values = a.view(np.float32) if a.dtype == np.complex64 else a
        out[name] = {"dtype": a.dtype.name, "shape": a.shape, "values": [str(x) for x in values.ravel().tolist()]}
    json.dump(out, sys.stdout)


def tables(path):
    tensors = {}
    for name, dtype in FLOATS.items():
        bits = np.dtype(dtype).itemsize * 8
        patterns = np.arange(1 << bits, dtype=f"uint{bits}")
        tensors[name + ".bits"] = patterns
        tensors[name + ".values"] = patterns.view(dtype).astype(np.float32)
    save_file(tensors, path)


def verdicts(folder):
    out = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as f:
            try:
                deserialize(f.read())
                out[name] = ""
            except SafetensorError as err:
                out[name] = str(err)
    json.dump(out, sys.stdout)


def size(dtype, shape):
    return int(np.prod(shape, dtype=np.int64)) * BITS.get(dtype, 8) // 8


def counting(n):
    return bytes(i % 251 for i in range(n))


def vectors(folder):
    """Small files that show the order, the padding, the escapes and every type."""
    files = {
        "one": ([("test", "I32", [2, 2])], None),
        "nothing": ([], None),
        "metadata": ([("w", "F32", [3])], {"format": "pt"}),
        "metadata-empty": ([("w", "F32", [3])], {}),
        "metadata-only": ([], {"k\"\\\b\f\n\r\t\x01\x1f\x7f": "é/\u2028<&>😀"}),
        "dtypes": ([(f"t.{i}", d, [2, 4]) for i, d in enumerate(WRITTEN)], None),
        "names": ([(n, d, [1]) for d in ("U8", "F32") for n in
                   (f"{d}b", f"{d}a", f"{d}B", f"{d}é", f"{d}😀", f"{d}\uffff", f"{d}.10", f"{d}.9", f"{d}\"\\\n\x00", d[:1])], None),
        "shapes": ([("scalar", "F64", []), ("empty", "F64", [0]), ("empty.2", "F32", [3, 0, 2]), ("long", "U8", [1] * 9),
                    ("row", "I16", [1, 5])], None),
    }
    for n in range(8):
        files[f"padding-{n}"] = ([("x" * n, "U8", [3])], None)
    listing = []
    for name, (tensors, metadata) in files.items():
        content = [(n, d, s, counting(size(d, s))) for n, d, s in tensors]
        with open(os.path.join(folder, name + ".safetensors"), "wb") as f:
            f.write(save(content, metadata))
        listing.append({"file": name + ".safetensors", "metadata": metadata,
                        "tensors": [{"name": n, "dtype": d, "shape": s} for n, d, s in tensors]})
    with open(os.path.join(folder, "vectors.json"), "w") as f:
        json.dump(listing, f, indent=1)
        f.write("\n")


if __name__ == "__main__":
    {"resave": resave, "dump": dump, "tables": tables, "verdicts": verdicts, "vectors": vectors}[sys.argv[1]](*sys.argv[2:])
