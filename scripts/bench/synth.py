"""How long wo-synth takes to draw videos as the demo's, and how long for stills alone, beside another version in the same turns.

Arguments, if any: a wo-synth of another version, and how many rounds. Both versions must write the same bytes."""

import hashlib
import os
import pathlib
import random
import re
import shutil
import statistics
import subprocess
import sys
import time

N_ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
# A fifth of the demo's videos, of the same seed.
VIDEOS = ("--videos-per-class", 3, "--persons", 15, "--seed", 7)
STILLS = ("--videos-per-class", 20, "--persons", 40, "--seed", 7, "--stills", 8)
OURS, BEFORE = "now", "before"
# Creation and modification in the headers of an mp4 file: versions up to 0.1 wrote the clock there.
TIMES = re.compile(rb"(mvhd|tkhd|mdhd)\0{3}.{9}", re.DOTALL)

work = pathlib.Path("target/bench/synth")


def digest(folder: pathlib.Path) -> str:
    """Of the names and bytes of all files, but for the times at which videos were written."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = TIMES.sub(rb"\1", path.read_bytes())
            found.update(f"{path.relative_to(folder)}\0".encode() + content)
    return found.hexdigest()


def draw(program: str, flags: tuple) -> tuple:
    """Seconds, processor seconds, and what was written."""
    shutil.rmtree(work, ignore_errors=True)
    command = [program, "--quiet", "--out", str(work), *map(str, flags)]
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status:
        sys.exit(f"bench: {program} ended with {status}")
    return seconds, usage.ru_utime + usage.ru_stime, digest(work)


def main() -> None:
    programs = {OURS: shutil.which("wo-synth")}
    if len(sys.argv) > 1:
        programs[BEFORE] = sys.argv[1]
    print("| | version | s | processor, s | processor beside before |")
    print("|---|---|---|---|---|")
    for what, flags in {"30 videos": VIDEOS, "1600 stills": STILLS}.items():
        taken: dict = {name: [] for name in programs}
        for _ in range(N_ROUNDS):
            for name in random.sample(sorted(programs), len(programs)):
                taken[name].append(draw(programs[name], flags))
        digests = {row[2] for rows in taken.values() for row in rows}
        if len(digests) > 1:
            sys.exit(f"bench: {what}: not the same bytes")
        for name, rows in taken.items():
            seconds = statistics.median(row[0] for row in rows)
            processor = statistics.median(row[1] for row in rows)
            pairs = zip(rows, taken.get(BEFORE, rows), strict=True)
            ratio = statistics.median(row[1] / before[1] for row, before in pairs)
            print(f"| {what} | {name} | {seconds:.1f} | {processor:.1f} | {ratio:.2f} |")
    shutil.rmtree(work, ignore_errors=True)


main()
