"""Plants shortcuts into drawn videos, and counts in how many draws the audit of wo-eval names them, and keeps quiet without.

Each draw takes a third of the drawn persons by chance. Their videos are filmed once more with ffmpeg: before one of two walls, at
some speed and some sharpness. In the clean data all three are left to chance; in each of the others one of them follows the
label, and the rest stays chance. So data sets of a draw differ by the plant alone. The model is trained once, on clean data of
persons of its own."""

import collections
import concurrent.futures
import csv
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

N_DRAWS, N_DRAWN_PERSONS, N_PERSONS, TRAINING_PERSONS = 20, 72, 24, 30
TRAINING_SEED, SEED = 6100, 6200
SIDE, LIFTER, RATE, FRAMES = 192, 150, 10, 10
WALLS = (
    ("0x9a7358", "drawgrid=w=24:h=12:t=2:c=0x6e4c38"),
    ("0x5e7f96", "drawgrid=w=40:h=300:t=4:c=0x3c566b"),
)
# How much longer good videos are, and how blurred (sigma in pixels) bad ones, beside what videos differ by anyway. Lengths run from
# 5 to 13 s, so that of half as much again chance leaves little in some draws.
LONGER = {"good ones 1.5 times as long": 1.5, "good ones twice as long": 2.0}
BLURRIER = 1.2
SPEEDS, BLURS = (0.9, 1.1), (0.3, 0.7)
PROBES = ("duration", "container", "source", "quality", "background", "first_frame", "appearance")
# What is planted, and the probe that is to name it.
PLANTS = {
    "clean": None,
    **dict.fromkeys(LONGER, "duration"),
    "bad ones blurrier": "quality",
    "a wall for each label": "background",
}


def run(*command: object, into: pathlib.Path | None = None) -> None:
    out = open(into, "w") if into else subprocess.DEVNULL
    done = subprocess.run(
        [str(part) for part in command], stdout=out, stderr=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stderr}")


def film(source: pathlib.Path, target: pathlib.Path, plant: str, chance: random.Random) -> None:
    is_good = "good_form" in source.parts
    # All are drawn for each video, so that plants differ by what is planted alone.
    wall, slowness, blur = (
        chance.randrange(len(WALLS)),
        chance.uniform(*SPEEDS),
        chance.uniform(*BLURS),
    )
    if is_good:
        slowness *= LONGER.get(plant, 1.0)
    if plant == "bad ones blurrier" and not is_good:
        blur += BLURRIER
    if plant == "a wall for each label":
        wall = int(is_good)
    colour, pattern = WALLS[wall]
    target.parent.mkdir(parents=True, exist_ok=True)
    run(
        "ffmpeg",
        "-v",
        "error",
        "-threads",
        1,
        "-i",
        source,
        "-f",
        "lavfi",
        "-i",
        f"color=c={colour}:s={SIDE}x{SIDE}:r={RATE},{pattern}",
        "-filter_complex",
        f"[0:v]fps={RATE * 1.5},setpts={slowness}*PTS,scale={LIFTER}:{LIFTER}:force_original_aspect_ratio=decrease[lifter];"
        f"[1:v][lifter]overlay=(W-w)/2:H-h:shortest=1,gblur=sigma={blur},format=yuv420p",
        "-r",
        RATE,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        26,
        "-threads",
        1,
        target,
    )


def shrink(video: pathlib.Path) -> None:
    """Makes a video as small as it is filmed, so that it is decoded quickly each time."""
    small = video.with_suffix(".small.mp4")
    run(
        "ffmpeg",
        "-v",
        "error",
        "-threads",
        1,
        "-i",
        video,
        "-vf",
        f"scale={LIFTER}:{LIFTER}:force_original_aspect_ratio=decrease:force_divisible_by=2",
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-crf",
        12,
        "-threads",
        1,
        small,
    )
    small.replace(video)


def filmed(
    drawn: pathlib.Path, videos: list, folder: pathlib.Path, plant: str, seed: int
) -> pathlib.Path:
    """Videos of a folder once more."""
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        jobs = [
            pool.submit(
                film,
                video,
                folder / video.relative_to(drawn),
                plant,
                random.Random(f"{seed} {video.name}"),
            )
            for video in videos
        ]
        for job in jobs:
            job.result()
    shutil.copy(drawn / "groups.csv", folder)
    return folder


def draw(folder: pathlib.Path, seed: int, n_persons: int) -> dict:
    """The videos of each person, two or so."""
    run(
        "wo-synth",
        "--out",
        folder,
        "--exercises",
        "squat",
        "--videos-per-class",
        n_persons,
        "--persons",
        n_persons,
        "--seed",
        seed,
    )
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        list(pool.map(shrink, sorted(folder.rglob("*.mp4"))))
    of_person = collections.defaultdict(list)
    for row in csv.DictReader(open(folder / "groups.csv")):
        of_person[row["person_id"]].append(folder / row["path"])
    return of_person


def all_of(of_person: dict) -> list:
    return sorted(video for videos in of_person.values() for video in videos)


def extracted(videos: pathlib.Path, folder: pathlib.Path) -> pathlib.Path:
    run("wo-extract", videos, "--frames-per-video", FRAMES, "--size", SIDE, "--out", folder)
    return folder


def trained(work: pathlib.Path, init: str) -> pathlib.Path:
    videos = all_of(draw(work / "drawn", TRAINING_SEED, TRAINING_PERSONS))
    frames = extracted(
        filmed(work / "drawn", videos, work / "filmed", "clean", TRAINING_SEED), work / "frames"
    )
    run("wo-describe", frames / "records.ndjson", "-o", frames / "described.ndjson")
    run(
        "wo-train",
        frames / "described.ndjson",
        "--init",
        init,
        "--epochs",
        8,
        "--batch-size",
        8,
        "--frames",
        4,
        "--test",
        0,
        "--resume",
        "never",
        "--output",
        work / "model",
    )
    for folder in ("drawn", "filmed", "frames"):
        shutil.rmtree(work / folder)
    return work / "model"


def audited(videos: pathlib.Path, model: pathlib.Path, work: pathlib.Path) -> dict:
    """The verdict of each probe, and the model's balanced accuracy."""
    frames = extracted(videos, work / "frames")
    run(
        "wo-eval",
        frames / "records.ndjson",
        "--model",
        model,
        "--audit",
        "--json",
        into=work / "found.ndjson",
    )
    shutil.rmtree(frames)
    found: dict = {}
    for record in map(json.loads, open(work / "found.ndjson")):
        if record["type"] == "audit":
            found[record["probe"]] = record["verdict"]
        if record["type"] == "score" and (
            record["task"],
            record["by"],
            record["unit"],
            record["scope"],
            record["name"],
        ) == ("label", "model", "video", "all", "balanced_accuracy"):
            found["model"] = record["value"]
    return found


def main() -> None:
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else N_DRAWS
    work = pathlib.Path(tempfile.mkdtemp(prefix="wo-shortcuts-"))
    began = time.monotonic()
    model = trained(work, "tiny")
    of_person = draw(work / "drawn", SEED, N_DRAWN_PERSONS)
    print(
        f"model and {len(all_of(of_person))} videos after {time.monotonic() - began:.0f} s; {n_draws} draws of {N_PERSONS} of "
        f"{len(of_person)} persons",
        flush=True,
    )
    found = collections.defaultdict(list)
    for number in range(n_draws):
        seed = SEED + number
        persons = random.Random(seed).sample(sorted(of_person), N_PERSONS)
        chosen = all_of({person: of_person[person] for person in persons})
        for plant in PLANTS:
            videos = filmed(work / "drawn", chosen, work / "filmed", plant, seed)
            found[plant].append(audited(videos, model, work))
            shutil.rmtree(videos)
        print(
            f"  draw {number + 1} after {time.monotonic() - began:.0f} s: "
            + "; ".join(f"{plant} {found[plant][-1].get('all')}" for plant in PLANTS),
            file=sys.stderr,
            flush=True,
        )
    print("\nIn how many draws each probe warns or fails")
    print(f"{'':<28} {'model':>6} " + " ".join(f"{probe:>11}" for probe in PROBES) + f" {'any':>5}")
    for plant, draws in found.items():
        spoke = {
            probe: sum(it.get(probe) in ("warn", "fail") for it in draws)
            for probe in (*PROBES, "all")
        }
        accuracy = sum(it["model"] for it in draws) / len(draws)
        print(
            f"{plant:<28} {accuracy:6.2f} "
            + " ".join(f"{spoke[probe]:>11}" for probe in PROBES)
            + f" {spoke['all']:>5}"
        )
    print()
    for plant, probe in PLANTS.items():
        verdicts = collections.Counter(it.get(probe or "all", "not probed") for it in found[plant])
        told = ", ".join(f"{verdict} {n}" for verdict, n in sorted(verdicts.items()))
        print(f"{plant}: {probe or 'all probes together'}: {told} of {n_draws}")
    shutil.rmtree(work)


main()
