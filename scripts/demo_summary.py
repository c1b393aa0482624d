"""Prints the demo's main figures: fine-tuned beside from scratch beside the baselines, with their intervals."""

import json
import pathlib
import sys

folder = pathlib.Path(sys.argv[1])


def figure(file: str, by: str, task: str) -> str:
    for line in (folder / file).read_text().splitlines():
        record = json.loads(line)
        wanted = {"type": "score", "by": by, "task": task, "unit": "video", "scope": "all", "name": "balanced_accuracy"}
        if all(record.get(key) == value for key, value in wanted.items()) and record.get("class") is None:
            if record["value"] is None:
                return "-"
            low, high = record["low"], record["high"]
            interval = "" if low is None else f" [{low:.2f}, {high:.2f}]"
            return f"{record['value']:.2f}{interval}  ({record['n']} videos of {record['n_groups']} persons)"
    return "-"


print("Balanced accuracy per video on persons never seen, with its 95 % interval (drawn lifters, not real ones):")
for name, file, by in [
    ("tiny CLIP, fine-tuned", "scores_tuned.ndjson", "model"),
    ("tiny CLIP, from scratch", "scores_scratch.ndjson", "model"),
    ("always the same answer", "scores_tuned.ndjson", "majority"),
    ("looking at duration only", "scores_tuned.ndjson", "duration_only"),
]:
    print(f"  {name:<26} form {figure(file, by, 'label')}")
    if by == "model":
        print(f"  {'':<26} exercise {figure(file, by, 'exercise')}")
print("The fine-tuned one started from a CLIP that was pre-trained on drawings of other persons by the same program;")
print("of real lifters it knows nothing.")
print("Look at demo/report.html (all that was found), demo/contact_sheet.png (videos and verdicts) and demo/new_video.png.")
if (folder / "review.png").exists():
    print("demo/review.png is the page of wo-review: wo-review demo/labeled_frames opens it.")
