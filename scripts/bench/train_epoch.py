"""Compares whole epochs from JPEGs on disk with open_clip_train's, and says what fitting a probe and an index take.

Arguments: a folder with videos, and which of epochs, index and probe, else all of them. Both tools run as a user runs them, each alone, in turns; an epoch is what a run of two of
them takes longer than a run of one, so that starting, and what is done once, count in the whole run only."""

import csv
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

import transformers

sys.path.append(str(pathlib.Path(__file__).parents[1]))
from clip_tokenizer import tokenizer_of_open_clip  # noqa: E402

N_VIDEOS, FRAMES, BATCH, N_ROUNDS = 20, 8, 16, 3
PROBE_VIDEOS, PROBE_FRAMES = 300, 10
INDEX_VIDEOS, INDEX_FRAMES = 10_000, 10
CAPTIONS = [
    "squat good form with knees tracking over the toes, chest up, hips below the knees",
    "squat bad form with knees collapsing inward over the feet, knee valgus",
    "squat bad form with hips well above the knees at the bottom, insufficient depth",
    "squat bad form with chest dropping toward the thighs and torso nearly flat, excessive forward lean",
]
FAULTS = [[], ["knees_cave"], ["shallow_depth"], ["forward_lean"]]
work = pathlib.Path("target/bench/train")
# Two threads for both, and a cache of features of its own.
environment = os.environ | {"OMP_NUM_THREADS": "2", "XDG_CACHE_HOME": str(work / "cache")}


def random_model() -> pathlib.Path:
    """ViT-B/32 from random weights with CLIP's own vocabulary, as transformers saves it."""
    folder = work / "vit-b-32"
    if (folder / "ready").exists():
        return folder
    text, vision = transformers.CLIPTextConfig(), transformers.CLIPVisionConfig()
    config = transformers.CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=512)
    transformers.CLIPModel(config).save_pretrained(folder)
    tokenizer_of_open_clip().save_pretrained(folder)
    transformers.CLIPImageProcessor().save_pretrained(folder)
    (folder / "ready").touch()
    return folder


def frames_of(videos: pathlib.Path) -> list:
    """JPEGs with a short side of 512, as wo-extract leaves them."""
    folder = work / "frames"
    if not folder.exists():
        subprocess.run(["wo-extract", videos, "--frames-per-video", "32", "--out", folder], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return sorted(path.resolve() for path in folder.rglob("*.jpg"))


def records(path: pathlib.Path, jpegs: list, n_videos: int, n_frames: int) -> pathlib.Path:
    """Records of so many videos, four to a person, that show the JPEGs in turn."""
    with open(path, "w") as out:
        def say(record: dict) -> None:
            print(json.dumps(record), file=out)

        say({"type": "begin", "tool": "bench", "version": "1", "schema": "wo-record", "schema_version": 1})
        for video in range(n_videos):
            kind = video % len(CAPTIONS)
            about = {"exercise": "squat", "label": "bad_form" if FAULTS[kind] else "good_form"}
            say({"type": "video", "video_id": f"v{video}", "path": f"v{video}.mp4", "person_id": f"p{video // 8}",
                 "duration_ms": 4000.0, **about})
            for frame in range(n_frames):
                image = {"file": {"path": str(jpegs[(video * n_frames + frame) % len(jpegs)])}}
                say({"type": "frame", "video_id": f"v{video}", "index": frame, "image": image, "faults": FAULTS[kind],
                     "description": CAPTIONS[kind], **about})
        say({"type": "end", "n_videos": n_videos, "n_frames": n_videos * n_frames, "n_errors": 0})
    return path


def table(path: pathlib.Path, jpegs: list) -> pathlib.Path:
    """The same frames and captions as open_clip_train's CSV data set."""
    with open(path, "w", newline="") as out:
        rows = csv.writer(out, delimiter="\t")
        rows.writerow(["filepath", "title"])
        for video in range(N_VIDEOS):
            for frame in range(FRAMES):
                rows.writerow([jpegs[(video * FRAMES + frame) % len(jpegs)], CAPTIONS[video % len(CAPTIONS)]])
    return path


def seconds(command: list, into: pathlib.Path) -> float:
    started = time.perf_counter()
    with open(into, "w") as out:
        done = subprocess.run([str(part) for part in command], stdout=out, stderr=subprocess.PIPE, text=True, env=environment)
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stderr}")
    return time.perf_counter() - started


def epochs(model: pathlib.Path, jpegs: list) -> None:
    train = records(work / "train.ndjson", jpegs, N_VIDEOS, FRAMES)
    rows = table(work / "train.csv", jpegs)

    def ours(n: int) -> list:
        return ["wo-train", train, "--init", model, "--method", "full", "--epochs", n, "--batch-size", BATCH // FRAMES,
                "--frames", FRAMES, "--validation", 0, "--test", 0, "--resume", "never", "--output", work / "model"]

    def theirs(n: int) -> list:
        return [sys.executable, "-m", "open_clip_train.main", "--train-data", rows, "--dataset-type", "csv", "--model",
                "ViT-B-32-quickgelu", "--batch-size", BATCH, "--epochs", n, "--precision", "fp32", "--workers", 2, "--lr",
                "1e-5", "--warmup", 2, "--save-frequency", 0, "--device", "cpu", "--logs", work / "logs", "--name",
                f"run{time.time_ns()}"]

    took: dict = {(side, n): [] for side in (ours, theirs) for n in (1, 2)}
    waiting = []
    for _ in range(N_ROUNDS):
        for side, n in random.sample(sorted(took, key=str), len(took)):
            took[side, n].append(seconds(side(n), work / "out.ndjson"))
            if side is ours:
                metrics = [json.loads(line) for line in open(work / "out.ndjson")]
                waiting += [m["values"]["waiting_share"] for m in metrics if "waiting_share" in m.get("values", {})]
    epoch = {side: statistics.median(two - one for one, two in zip(took[side, 1], took[side, 2])) for side in (ours, theirs)}
    whole = {side: statistics.median(took[side, 2]) for side in (ours, theirs)}
    print(f"\nEpochs of {N_VIDEOS * FRAMES} JPEGs, batch of {BATCH} with {len(CAPTIONS)} distinct captions, whole processes, {N_ROUNDS} rounds")
    print(f"  {'':<24} {'an epoch, s':>11} {'run of two, s':>13}")
    for name, side in (("wo-train", ours), ("open_clip_train, CSV", theirs)):
        print(f"  {name:<24} {epoch[side]:11.1f} {whole[side]:13.1f}")
    print(f"  ours of theirs: an epoch {epoch[ours] / epoch[theirs]:.2f}, a run of two {whole[ours] / whole[theirs]:.2f}")
    print(f"  our steps waited for pictures {100 * statistics.mean(waiting):.2f} % of the time", flush=True)


def probe(model: pathlib.Path, jpegs: list) -> None:
    data = records(work / "probe.ndjson", jpegs, PROBE_VIDEOS, PROBE_FRAMES)
    command = ["wo-train", data, "--init", model, "--method", "probe", "--validation", 0, "--test", 0, "--resume", "never",
               "--output", work / "model"]
    shutil.rmtree(work / "cache", ignore_errors=True)
    first, second = (seconds(command, work / "out.ndjson") for _ in range(2))
    print(f"\n--method probe, {PROBE_VIDEOS} videos of {PROBE_FRAMES} frames, ViT-B/32, whole process")
    print(f"  features to be made {first:.1f} s, features at hand {second:.1f} s", flush=True)


def index(jpegs: list) -> None:
    """The most memory that a run needs to know its data: it is given tiny pictures, so that pictures do not count."""
    from PIL import Image

    tiny = work / "tiny.jpg"
    Image.new("RGB", (40, 40), (180, 20, 20)).save(tiny)
    data = records(work / "index.ndjson", [tiny.resolve()], INDEX_VIDEOS, INDEX_FRAMES)
    command = ["wo-train", data, "--dry-run", "--output", work / "model"]
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    peak_kib = 0
    # Not ru_maxrss: it would begin with what this process has.
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as status:
            peak_kib = max([peak_kib] + [int(line.split()[1]) for line in status if line.startswith("VmHWM:")])
        time.sleep(0.05)
    if process.returncode:
        sys.exit(f"bench: {command} ended with {process.returncode}")
    print(f"\nIndex of {INDEX_VIDEOS * INDEX_FRAMES} frames: at most {peak_kib / 1024:.0f} MiB", flush=True)


def main() -> None:
    random.seed(1)
    work.mkdir(parents=True, exist_ok=True)
    model, jpegs = random_model(), frames_of(pathlib.Path(sys.argv[1]))
    parts = {"epochs": lambda: epochs(model, jpegs), "index": lambda: index(jpegs), "probe": lambda: probe(model, jpegs)}
    for name in sys.argv[2:] or parts:
        parts[name]()


main()
