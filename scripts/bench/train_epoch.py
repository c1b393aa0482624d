"""Compares whole epochs from JPEGs on disk with open_clip_train's, and says what fitting a probe and an index take.

Arguments: a folder with videos, and which of epochs, index and probe, else all of them. Both tools run as a user runs them, each alone, in turns; an epoch is what a run of two of
them takes longer than a run of one, so that starting, and what is done once, count in the whole run only."""

import csv
import json
import pathlib
import random
import shutil
import statistics
import sys
import time

from inputs import CAPTIONS, environment_of, frames_of, peak_mib, random_model, records, seconds

N_VIDEOS, FRAMES, BATCH, N_ROUNDS = 20, 8, 16, 3
PROBE_VIDEOS, PROBE_FRAMES = 300, 10
INDEX_VIDEOS, INDEX_FRAMES = 10_000, 10
work = pathlib.Path("target/bench/train")
environment = environment_of(work)


def table(path: pathlib.Path, jpegs: list) -> pathlib.Path:
    """The same frames and captions as open_clip_train's CSV data set."""
    with open(path, "w", newline="") as out:
        rows = csv.writer(out, delimiter="\t")
        rows.writerow(["filepath", "title"])
        for video in range(N_VIDEOS):
            for frame in range(FRAMES):
                rows.writerow(
                    [jpegs[(video * FRAMES + frame) % len(jpegs)], CAPTIONS[video % len(CAPTIONS)]]
                )
    return path


def epochs(model: pathlib.Path, jpegs: list) -> None:
    train = records(work / "train.ndjson", jpegs, N_VIDEOS, FRAMES)
    rows = table(work / "train.csv", jpegs)

    def ours(n: int) -> list:
        return [
            "wo-train",
            train,
            "--init",
            model,
            "--method",
            "full",
            "--epochs",
            n,
            "--batch-size",
            BATCH // FRAMES,
            "--frames",
            FRAMES,
            "--validation",
            0,
            "--test",
            0,
            "--resume",
            "never",
            "--output",
            work / "model",
        ]

    def theirs(n: int) -> list:
        return [
            sys.executable,
            "-m",
            "open_clip_train.main",
            "--train-data",
            rows,
            "--dataset-type",
            "csv",
            "--model",
            "ViT-B-32-quickgelu",
            "--batch-size",
            BATCH,
            "--epochs",
            n,
            "--precision",
            "fp32",
            "--workers",
            2,
            "--lr",
            "1e-5",
            "--warmup",
            2,
            "--save-frequency",
            0,
            "--device",
            "cpu",
            "--logs",
            work / "logs",
            "--name",
            f"run{time.time_ns()}",
        ]

    took: dict = {(side, n): [] for side in (ours, theirs) for n in (1, 2)}
    waiting = []
    for _ in range(N_ROUNDS):
        for side, n in random.sample(sorted(took, key=str), len(took)):
            took[side, n].append(seconds(side(n), work / "out.ndjson", environment))
            if side is ours:
                metrics = [json.loads(line) for line in open(work / "out.ndjson")]
                waiting += [
                    m["values"]["waiting_share"]
                    for m in metrics
                    if "waiting_share" in m.get("values", {})
                ]
    epoch = {
        side: statistics.median(two - one for one, two in zip(took[side, 1], took[side, 2]))
        for side in (ours, theirs)
    }
    whole = {side: statistics.median(took[side, 2]) for side in (ours, theirs)}
    print(
        f"\nEpochs of {N_VIDEOS * FRAMES} JPEGs, batch of {BATCH} with {len(CAPTIONS)} distinct captions, whole processes, {N_ROUNDS} rounds"
    )
    print(f"  {'':<24} {'an epoch, s':>11} {'run of two, s':>13}")
    for name, side in (("wo-train", ours), ("open_clip_train, CSV", theirs)):
        print(f"  {name:<24} {epoch[side]:11.1f} {whole[side]:13.1f}")
    print(
        f"  ours of theirs: an epoch {epoch[ours] / epoch[theirs]:.2f}, a run of two {whole[ours] / whole[theirs]:.2f}"
    )
    print(
        f"  our steps waited for pictures {100 * statistics.mean(waiting):.2f} % of the time",
        flush=True,
    )


def probe(model: pathlib.Path, jpegs: list) -> None:
    data = records(work / "probe.ndjson", jpegs, PROBE_VIDEOS, PROBE_FRAMES)
    command = [
        "wo-train",
        data,
        "--init",
        model,
        "--method",
        "probe",
        "--validation",
        0,
        "--test",
        0,
        "--resume",
        "never",
        "--output",
        work / "model",
    ]
    shutil.rmtree(work / "cache", ignore_errors=True)
    first, second = (seconds(command, work / "out.ndjson", environment) for _ in range(2))
    print(
        f"\n--method probe, {PROBE_VIDEOS} videos of {PROBE_FRAMES} frames, ViT-B/32, whole process"
    )
    print(f"  features to be made {first:.1f} s, features at hand {second:.1f} s", flush=True)


def index(jpegs: list) -> None:
    """The most memory that a run needs to know its data: it is given tiny pictures, so that pictures do not count."""
    from PIL import Image

    tiny = work / "tiny.jpg"
    Image.new("RGB", (40, 40), (180, 20, 20)).save(tiny)
    data = records(work / "index.ndjson", [tiny.resolve()], INDEX_VIDEOS, INDEX_FRAMES)
    command = ["wo-train", data, "--dry-run", "--output", work / "model"]
    peak = peak_mib(command, environment)
    print(f"\nIndex of {INDEX_VIDEOS * INDEX_FRAMES} frames: at most {peak:.0f} MiB", flush=True)


def main() -> None:
    random.seed(1)
    work.mkdir(parents=True, exist_ok=True)
    model, jpegs = random_model(work), frames_of(pathlib.Path(sys.argv[1]), work)
    parts = {
        "epochs": lambda: epochs(model, jpegs),
        "index": lambda: index(jpegs),
        "probe": lambda: probe(model, jpegs),
    }
    for name in sys.argv[2:] or parts:
        parts[name]()


main()
