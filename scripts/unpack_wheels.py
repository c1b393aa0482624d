"""Unpacks wheels side by side, without the parts that a C++ program on a CPU never opens."""

import pathlib
import sys
import zipfile

UNUSED = (
    "torch/lib/libtorch_cuda",
    "torch/lib/libtorch_python",
    "torch/lib/libtorch_nvshmem",
    "torch/bin/",
    "torch/share/",
)


def wanted(name: str) -> bool:
    if not name.startswith("torch/"):
        return True
    if name.startswith(UNUSED):
        return False
    return name.startswith(("torch/lib/", "torch/include/"))


wheels, site = map(pathlib.Path, sys.argv[1:])
for wheel in sorted(wheels.glob("*.whl")):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site, [name for name in archive.namelist() if wanted(name)])
