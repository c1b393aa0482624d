"""Writes what scripts/gpu-check has packed: `gpu_check_manifest.py FOLDER COMMIT GLIBC`."""

import hashlib
import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])
files = {
    str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
    for path in sorted(folder.rglob("*"))
    if path.is_file() and path.name != "manifest.json"
}
manifest = {"commit": sys.argv[2], "glibc": sys.argv[3], "files": files}
(folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
