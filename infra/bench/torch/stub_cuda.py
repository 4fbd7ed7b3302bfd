"""Makes empty CUDA libraries, so that PyTorch's CUDA build imports without CUDA.

PyTorch's wheel on PyPI is linked against some 2 GB of CUDA libraries that a
machine without a GPU never calls. This writes one shared library that has every
symbol which PyTorch's libraries want of them, under all their names. Every
function returns 100, CUDA's "no device", so torch.cuda.is_available() is false.

    stub_cuda.py FOLDER     the folder torch/lib of an installed PyTorch

It needs gcc and readelf.
"""

import argparse
import pathlib
import re
import subprocess
import tempfile

NO_DEVICE = 100  # cudaErrorNoDevice, CUDA_ERROR_NO_DEVICE


def readelf(flag: str, library: pathlib.Path) -> str:
    return subprocess.run(["readelf", "-W", flag, str(library)], check=True, capture_output=True, text=True).stdout


def needed(library: pathlib.Path) -> set[str]:
    """The names of the libraries that a library is linked against."""
    return set(re.findall(r"\(NEEDED\).*\[(.+)\]", readelf("-d", library)))


def loadable(name: str) -> bool:
    """Whether the system has the library."""
    out = subprocess.run(["gcc", f"-print-file-name={name}"], check=True, capture_output=True, text=True).stdout
    return "/" in out


def symbols(library: pathlib.Path) -> tuple[set[tuple[str, str]], set[str]]:
    """The undefined symbols of a library, with their versions, and the defined ones."""
    undefined, defined = set(), set()
    for line in readelf("--dyn-syms", library).splitlines():
        # Num: Value Size Type Bind Vis Ndx Name[@Version [(n)]]
        fields = line.split()
        if len(fields) < 8 or not fields[0].endswith(":") or not fields[0][:-1].isdigit():
            continue
        name, _, version = fields[7].partition("@")
        if fields[6] != "UND":
            defined.add(name)
        elif fields[4] == "GLOBAL":
            undefined.add((name, version))
    return undefined, defined


def versions(library: pathlib.Path, files: set[str]) -> set[str]:
    """The symbol versions that a library wants of the named files."""
    out, file = set(), ""
    for line in readelf("-V", library).splitlines():
        if found := re.search(r"File: (\S+)", line):
            file = found[1]
        elif (found := re.search(r"Name: (\S+)\s+Flags", line)) and file in files:
            out.add(found[1])
    return out


def wanted(libraries: list[pathlib.Path], missing: set[str]) -> dict[str, set[str]]:
    """The symbols that only the missing libraries can have, by version."""
    undefined: set[tuple[str, str]] = set()
    defined: set[str] = set()
    out: dict[str, set[str]] = {"": set()}
    for library in libraries:
        want, have = symbols(library)
        undefined |= want
        defined |= have
        out |= {version: set() for version in versions(library, missing)}
    for name, version in undefined:
        if not version:
            ours = name not in defined and re.match(r"(__)?(cu|nccl|nvshmem|nvrtc)", name)
        else:
            ours = version in out
        if ours:
            out[version].add(name)
    return out


def clause(names: set[str]) -> str:
    return f"global: {'; '.join(sorted(names))};" if names else ""


def build(folder: pathlib.Path, want: dict[str, set[str]], names: set[str]) -> None:
    """Compiles the library and links it under each name."""
    with tempfile.TemporaryDirectory() as tmp:
        source, script = pathlib.Path(tmp, "stub.c"), pathlib.Path(tmp, "stub.map")
        every = sorted(set().union(*want.values()))
        source.write_text("".join(f"int {name}(void) {{ return {NO_DEVICE}; }}\n" for name in every))
        # Symbols without a version go to the base version, which needs no node.
        script.write_text("".join(
            f"{version} {{ {clause(want[version])} }};\n" for version in sorted(want) if version))
        subprocess.run(["gcc", "-w", "-fno-builtin", "-shared", "-fPIC", "-Os", "-o", str(folder / "libcuda_stub.so"),
                        str(source), f"-Wl,--version-script={script}"], check=True)
    for name in names:
        link = folder / name
        link.unlink(missing_ok=True)
        link.symlink_to("libcuda_stub.so")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="torch/lib")
    folder = parser.parse_args().folder
    libraries = sorted(p for p in folder.glob("*.so*") if not p.is_symlink() and p.name != "libcuda_stub.so")
    here = {p.name for p in libraries}
    missing = {n for n in set().union(*map(needed, libraries)) - here if not loadable(n)}
    want = wanted(libraries, missing)
    build(folder, want, missing)
    print(f"{sum(map(len, want.values()))} symbols of {len(missing)} libraries: {' '.join(sorted(missing))}")


if __name__ == "__main__":
    main()
