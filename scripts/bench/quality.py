"""Balanced accuracy on persons never seen, of our loss and of the diagonal one that open_clip_train has, from the same start.

Both arms are wo-train with the same flags but for --loss, so data, split, start, sampling, rate, number of steps, choice of
epoch and judging are the same. The interval of the difference is from a bootstrap over the persons of the test part, over
all repeats at once: each repeat has other training persons, and all are judged on the same test persons."""

import collections
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import numpy

SIZES = {
    10: 4,
    30: 3,
    100: 2,
}  # Training and validation videos a class, and how often each is repeated.
N_EPOCHS, N_RESAMPLES, SEED = 20, 4000, 4101
TEST_PERSONS = 40
# Two ways to say each, as captions of a team would be; many videos share one.
WORDS = {
    "none": [
        "crease under kneecap level, sternum proud, shins track toe line",
        "full range, braced midsection, even weight",
    ],
    "shallow_depth": [
        "pelvis halts early, femur stays sloped",
        "cut short, never reaches parallel",
    ],
    "chest_collapses": [
        "sternum sinks, shoulders ahead of midfoot",
        "pitches over, hinge dominates",
    ],
    "knees_cave": [
        "patella drifts medially, shins form an X",
        "buckles toward midline while rising",
    ],
}
ARMS = {"ours": [], "diagonal": ["--loss", "diagonal"]}
environment = os.environ | {"OMP_WAIT_POLICY": "passive"}


def run(*command: object, into: pathlib.Path | None = None) -> None:
    with open(into or os.devnull, "w") as out:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stderr}")


def read(path: pathlib.Path) -> list:
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def write(path: pathlib.Path, records: list) -> None:
    with open(path, "w") as out:
        begin = {
            "type": "begin",
            "tool": "bench",
            "version": "1",
            "schema": "wo-record",
            "schema_version": 1,
        }
        n_frames = sum(record["type"] == "frame" for record in records)
        end = {
            "type": "end",
            "n_videos": sum(r["type"] == "video" for r in records),
            "n_frames": n_frames,
            "n_errors": 0,
        }
        for record in [begin, *records, end]:
            print(json.dumps(record), file=out)


def drawn(work: pathlib.Path, name: str, *flags: object) -> list:
    run("wo-synth", "--out", work / name, *flags)
    run("wo-describe", work / name / "records.ndjson", "-o", work / name / "described.ndjson")
    records = [r for r in read(work / name / "described.ndjson") if r["type"] in ("video", "frame")]
    for record in records:
        if record["type"] == "frame":
            record["image"]["file"]["path"] = str(work / name / record["image"]["file"]["path"])
    return records


def in_new_words(records: list) -> list:
    """The same frames, described by what they show in words that the start has never read."""
    for record in records:
        if record["type"] == "frame":
            seen = WORDS[record["faults"][0] if record["faults"] else "none"]
            record["description"] = seen[int(record["video_id"][:8], 16) % len(seen)]
    return records


def by_person(records: list) -> dict:
    """The videos of each person, each with its frames."""
    videos: dict = {}
    for record in records:
        videos.setdefault(record["video_id"], []).append(record)
    persons = collections.defaultdict(list)
    for records_of_one in videos.values():
        persons[records_of_one[0]["person_id"]].append(records_of_one)
    return persons


def some(persons: dict, names: list, n: int) -> list:
    """So many videos of each label, person by person."""
    left, chosen = {"good_form": n, "bad_form": n}, []
    for name in names:
        for video in persons[name]:
            if left[video[0]["label"]] > 0:
                left[video[0]["label"]] -= 1
                chosen += video
    assert not any(left.values()), left
    return chosen


def guesses(path: pathlib.Path) -> dict:
    """Of each video whether its best guess is right: with few videos there is no threshold, and every verdict is unclear."""
    verdicts = [r for r in read(path) if r["type"] == "verdict"]
    return {r["video_id"]: (r["leaning"] or r["label"]) == r["true_label"] for r in verdicts}


def judged(work: pathlib.Path, model: pathlib.Path) -> dict:
    run("wo-eval", work / "test.ndjson", "--model", model, "--json", into=work / "said.ndjson")
    return guesses(work / "said.ndjson")


def balanced(right: numpy.ndarray, good: numpy.ndarray, weight: numpy.ndarray) -> float:
    recalls = [(right * weight)[part].sum() / weight[part].sum() for part in (good, ~good)]
    return sum(recalls) / 2


def compare(answers: dict, test: dict) -> str:
    """The mean of each arm and the difference with its interval; `answers` has a list of repeats for each arm."""
    names = sorted(test)
    videos = [(i, video[0]) for i, name in enumerate(names) for video in test[name]]
    person = numpy.array([i for i, _ in videos])
    good = numpy.array([video["label"] == "good_form" for _, video in videos])
    right = {
        arm: numpy.array([[r[v["video_id"]] for _, v in videos] for r in repeats]).mean(0)
        for arm, repeats in answers.items()
    }
    random_numbers = numpy.random.default_rng(SEED)
    gains = []
    for _ in range(N_RESAMPLES):
        weight = numpy.bincount(
            random_numbers.integers(0, len(names), len(names)), minlength=len(names)
        )[person].astype(float)
        if weight[good].sum() and weight[~good].sum():
            gains.append(
                balanced(right["ours"], good, weight) - balanced(right["diagonal"], good, weight)
            )
    ones = numpy.ones(len(videos))
    ours, diagonal = (balanced(right[arm], good, ones) for arm in ("ours", "diagonal"))
    low, high = numpy.quantile(gains, [0.025, 0.975])
    return f"{ours:8.3f} {diagonal:10.3f} {ours - diagonal:+11.3f} [{low:+.3f}, {high:+.3f}]"


def main() -> None:
    work = pathlib.Path(tempfile.mkdtemp(prefix="wo-quality-"))
    drawings = drawn(
        work,
        "squat",
        "--exercises",
        "squat",
        "--videos-per-class",
        280,
        "--persons",
        140,
        "--stills",
        8,
        "--seed",
        SEED,
    )
    persons = by_person(in_new_words(drawings))
    names = sorted(persons)
    random.Random(SEED).shuffle(names)
    test = {name: persons[name] for name in names[:TEST_PERSONS]}
    write(
        work / "test.ndjson",
        [record for videos in test.values() for video in videos for record in video],
    )
    n_test = sum(len(videos) for videos in test.values())
    print(
        f"drawn squats; {n_test} test videos of {TEST_PERSONS} persons whom no training has seen; {N_EPOCHS} epochs, the same flags"
    )
    print(
        f"{'videos a class':>14} {'repeats':>8} {'ours':>8} {'diagonal':>10} {'difference, 95 % interval':>28}",
        flush=True,
    )
    for size, n_repeats in SIZES.items():
        answers: dict = {arm: [] for arm in ARMS}
        for repeat in range(n_repeats):
            order = names[TEST_PERSONS:]
            random.Random(repeat).shuffle(order)
            write(work / "train.ndjson", some(persons, order, size))
            for arm, flags in ARMS.items():
                run(
                    "wo-train",
                    work / "train.ndjson",
                    "--epochs",
                    N_EPOCHS,
                    "--batch-size",
                    8,
                    "--frames",
                    4,
                    "--patience",
                    0,
                    "--test",
                    0,
                    "--validation",
                    0.2,
                    "--method",
                    "full",
                    "--wise",
                    "off",
                    "--seed",
                    repeat,
                    "--resume",
                    "never",
                    "--output",
                    work / "model",
                    *flags,
                )
                answers[arm].append(judged(work, work / "model"))
        print(f"{size:14} {n_repeats:8} {compare(answers, test)}", flush=True)
    shutil.rmtree(work)


main()
