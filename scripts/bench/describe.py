"""How many records a second wo-describe describes, beside jq with the same edit, and cat, which is what a pipe can carry.

The stream is what wo-extract writes of drawn videos: frames of about 610 bytes with quality, hash and faults. The captions table
has one phrasing a class, so that jq can look each description up; both outputs are compared, record for record. All take their
turn in each round, in a new order; figures are medians over rounds, ratios medians of each round's.

Arguments, if any: a wo-describe of another version, and how many rounds."""

import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

N_VIDEOS, N_FRAMES = 3000, 100
N_ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 7
CAPTIONS = """\
built_in = false
[phrasings]
good = ["{exercise} good form with {observations}"]
bad = ["{exercise} bad form with {observations}, {issues}"]
bad_without_issue = ["{exercise} bad form with {observations}"]
[exercises.squat]
good = ["knees tracking over the toes, chest up, hips below the knees"]
[exercises.squat.faults.knees_cave]
observations = ["knees collapsing inward over the feet"]
[exercises.squat.faults.shallow_depth]
observations = ["hips well above the knees at the bottom of the movement"]
"""
WORDS = {
    "good_form/": "squat good form with knees tracking over the toes, chest up, hips below the knees",
    "bad_form/knees_cave": "squat bad form with knees collapsing inward over the feet",
    "bad_form/shallow_depth": "squat bad form with hips well above the knees at the bottom of the movement",
}
EDIT = """\
if .type == "frame" then .description = $words[.label + "/" + (.faults | join("+"))]
elif .type == "begin" then .upstream += [{tool, version}] | .tool = "wo-describe" | .version = $version
else . end"""
OURS, BEFORE, JQ, CAT = "wo-describe", "wo-describe, before", "jq", "cat"

work = pathlib.Path("target/bench/describe")


def digits(chance: random.Random, n: int) -> str:
    return f"{chance.getrandbits(4 * n):0{n}x}"


def frame(chance: random.Random, video: str, index: int, label: str, faults: list) -> dict:
    quality = {
        "sharpness": chance.uniform(50, 900),
        "brightness": chance.uniform(0.2, 0.8),
        "contrast": chance.uniform(0.1, 0.3),
        "motion": chance.uniform(0, 0.1) if index else None,
        "perceptual_hash": digits(chance, 16),
    }
    path = f"frames_squat_{label}/{video[:12]}_{index:05}.jpg"
    return {
        "type": "frame",
        "video_id": video,
        "index": index,
        "pts_ms": index * 1000 / 30,
        "width_px": 640,
        "height_px": 360,
        "image": {"file": {"path": path, "blake3": digits(chance, 64)}},
        "exercise": "squat",
        "label": label,
        "label_origin": "folder",
        "faults": faults,
        "description": None,
        "quality": quality,
    }


def records(chance: random.Random):
    """A stream of all."""
    yield {
        "type": "begin",
        "tool": "wo-extract",
        "version": "0.1.0",
        "schema": "wo-record",
        "schema_version": 1,
        "upstream": [],
    }
    kinds = [key.split("/") for key in WORDS]
    for number in range(N_VIDEOS):
        label, fault = chance.choice(kinds)
        video = digits(chance, 64)
        path = f"data/training_data/squat/{label}/{number:05}.mp4"
        about = {"exercise": "squat", "label": label, "person_id": f"p{number % 50}"}
        yield {"type": "video", "video_id": video, "path": path, "duration_ms": 3333.3} | about
        for index in range(N_FRAMES):
            yield frame(chance, video, index, label, [fault] if fault else [])
    yield {"type": "end", "n_videos": N_VIDEOS, "n_frames": N_VIDEOS * N_FRAMES, "n_errors": 0}


def write_stream(path: pathlib.Path) -> None:
    if path.exists():
        return
    part = path.with_suffix(".part")
    with open(part, "w") as file:
        for record in records(random.Random(7)):
            file.write(json.dumps(record, separators=(",", ":")) + "\n")
    part.rename(path)


def commands(captions: pathlib.Path) -> dict:
    ours = shutil.which("wo-describe")
    version = subprocess.run([ours, "--version"], capture_output=True, text=True).stdout.split()[1]
    flags = ["--quiet", "--captions", str(captions)]
    given = ["--argjson", "words", json.dumps(WORDS), "--arg", "version", version]
    found = {OURS: [ours, *flags], JQ: ["jq", "-c", *given, EDIT], CAT: ["cat"]}
    if len(sys.argv) > 1:
        found[BEFORE] = [sys.argv[1], *flags]
    return found


def run(command: list, stream: pathlib.Path, output) -> tuple:
    """Seconds, processor seconds and the peak of memory in MiB."""
    start = time.monotonic()
    with open(stream) as records:
        process = subprocess.Popen(command, stdin=records, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status:
        sys.exit(f"bench: {command[0]} ended with {status}")
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def check_equal(programs: dict, stream: pathlib.Path) -> None:
    """That all do the same to each record."""
    outputs = {}
    for name, command in programs.items():
        if name == CAT:
            continue
        outputs[name] = work / f"out-{len(outputs)}.ndjson"
        with open(outputs[name], "w") as output:
            run(command, stream, output)
    with open(outputs[OURS]) as ours:
        others = [open(path) for name, path in outputs.items() if name != OURS]
        for number, lines in enumerate(zip(ours, *others, strict=True), 1):
            one, *rest = map(json.loads, lines)
            if any(other != one for other in rest):
                sys.exit(f"bench: line {number} is not the same: {lines}")
        for other in others:
            other.close()
    if BEFORE in outputs and outputs[OURS].read_bytes() != outputs[BEFORE].read_bytes():
        sys.exit("bench: the two versions write other bytes")
    for path in outputs.values():
        path.unlink()


def main() -> None:
    work.mkdir(parents=True, exist_ok=True)
    stream, captions = work / "stream.ndjson", work / "captions.toml"
    write_stream(stream)
    captions.write_text(CAPTIONS)
    programs = commands(captions)
    check_equal(programs, stream)
    taken: dict = {name: [] for name in programs}
    for _ in range(N_ROUNDS):
        for name in random.sample(sorted(programs), len(programs)):
            # Through a pipe on the way out: what is written to /dev/null is not even looked at.
            reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            taken[name].append(run(programs[name], stream, reader.stdin))
            reader.stdin.close()
            reader.wait()
    n = N_VIDEOS * (N_FRAMES + 1) + 2
    size = stream.stat().st_size
    print(f"{n} records, {size / n:.0f} bytes each; {N_ROUNDS} rounds in turns\n")
    print(
        "| | records a second | processor, µs a record | peak memory, MiB | wo-describe is as fast |"
    )
    print("|---|---|---|---|---|")
    for name, rows in taken.items():
        seconds, processor, memory = (statistics.median(row) for row in zip(*rows, strict=True))
        pairs = zip(rows, taken[OURS], strict=True)
        ratio = statistics.median(theirs[0] / ours[0] for theirs, ours in pairs)
        speed = f"{n / seconds:,.0f}".replace(",", " ")
        print(f"| {name} | {speed} | {processor / n * 1e6:.2f} | {memory:.0f} | {ratio:.2f} |")


main()
