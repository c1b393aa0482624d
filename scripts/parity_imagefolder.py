"""Reads what `wo-review export --to imagefolder` wrote as Python datasets do. Exits 1 where it is not what the records say."""

import json
import pathlib
import sys

import datasets
from PIL import Image

folder, records = map(pathlib.Path, sys.argv[1:])
frames = {}
for line in records.read_text().splitlines():
    record = json.loads(line)
    if record["type"] == "frame":
        frames[f"{record['video_id'][:16]}_{record['index']:03}"] = record

rows = datasets.load_dataset("imagefolder", data_dir=str(folder), split="train")
paths = [
    pathlib.Path(row["path"]).stem
    for row in rows.cast_column("image", datasets.Image(decode=False))["image"]
]
assert sorted(paths) == sorted(frames), f"{len(paths)} pictures for {len(frames)} frames"
counts: dict[str, int] = {}
for name, row in zip(paths, rows):
    frame = frames[name]
    for column in ("label", "exercise", "faults", "video_id"):
        assert row[column] == frame[column], (
            f"{name}: {column} is {row[column]!r}, and {frame[column]!r} in the record"
        )
    assert row["text"] == (frame["description"] or ""), f"{name}: {row['text']!r}"
    picture = Image.open(frame["image"]["file"]["path"])
    assert row["image"].tobytes() == picture.convert(row["image"].mode).tobytes(), (
        f"{name}: another picture"
    )
    counts[str(row["label"])] = counts.get(str(row["label"]), 0) + 1
print(
    f'load_dataset("imagefolder"): {len(rows)} pictures with their labels: {counts}; features {sorted(rows.features)}'
)
