"""Measures wo-eval: images a second beside open_clip's zero-shot loop, bootstrap rounds beside scipy's and scikit-learn's, and
memory by the number of frames.

Arguments: a folder with videos, and which of images, bootstrap and memory, else all of them. Both sides run as a user runs
them, each alone, in turns, in a new order each round; figures are medians over rounds, ratios medians of each round's."""

import json
import pathlib
import random
import statistics
import sys
import time

import numpy
import scipy.stats
import sklearn.metrics
from inputs import (
    N_THREADS,
    environment_of,
    frames_of,
    peak_mib,
    random_model,
    records,
    seconds,
    stream,
)

N_ROUNDS = 5
# Images a second are of what many videos take longer than few: starting is no part of them. With 100 images between the two the
# noise of starting was as long as they took.
N_VIDEOS, FRAMES, N_WORKERS = (10, 60), 10, 2
N_SCORED, VIDEOS_OF_A_PERSON, N_RESAMPLES = 10_000, 4, 1000
# wo-eval draws twice as often as is asked for, a loop over scikit-learn's functions is asked for a tenth.
OUR_RESAMPLES, SLOW_RESAMPLES = 2000, N_RESAMPLES // 10
work = pathlib.Path("target/bench/eval")
environment = environment_of(work)


def trained(init: object, jpegs: list, name: str, *flags: object) -> pathlib.Path:
    """A model that knows its classes and when to hold back, of persons that no other data here shows."""
    folder = work / name
    if not (folder / "wo.json").exists():
        data = records(work / "train.ndjson", jpegs, 48, 4, "t")
        seconds(
            [
                "wo-train",
                data,
                "--init",
                init,
                "--validation",
                0.4,
                "--test",
                0,
                "--resume",
                "never",
                "--output",
                folder,
                *flags,
            ],
            work / "out.ndjson",
            environment,
        )
    return folder


def images(jpegs: list) -> None:
    model = trained(random_model(work), jpegs, "model-vit-b-32", "--method", "probe")
    inputs = {}
    for n in N_VIDEOS:
        inputs[n] = records(work / f"{n}.ndjson", jpegs, n, FRAMES)
        paths = [str(jpegs[i % len(jpegs)]) for i in range(n * FRAMES)]
        (work / f"{n}.txt").write_text("\n".join(paths))

    def ours(n: int) -> list:
        return ["wo-eval", inputs[n], "--model", model, "--json", "-j", N_THREADS]

    def theirs(n: int) -> list:
        peer = pathlib.Path(__file__).with_name("eval_peer.py")
        return [sys.executable, peer, work / f"{n}.txt", N_WORKERS]

    sides = {"wo-eval": ours, "open_clip": theirs}
    few, many = N_VIDEOS
    took: dict = {(name, n): [] for name in sides for n in N_VIDEOS}
    for _ in range(N_ROUNDS):
        for name, n in random.sample(sorted(took), len(took)):
            took[name, n].append(seconds(sides[name](n), work / "out.ndjson", environment))
    more = (many - few) * FRAMES
    rates = {
        name: [more / (long - short) for short, long in zip(took[name, few], took[name, many])]
        for name in sides
    }
    print(
        f"\nImages a second, ViT-B/32 from random weights, {N_THREADS} threads, JPEGs with a short side of 512; what {many * FRAMES} "
        f"take longer than {few * FRAMES}, {N_ROUNDS} rounds"
    )
    print(f"  {'':<12} {'images/s':>8} {'each round':>18} {'whole run, s':>13}")
    for name, rate in rates.items():
        print(
            f"  {name:<12} {statistics.median(rate):8.1f} {' '.join(f'{it:5.1f}' for it in rate):>18} "
            f"{statistics.median(took[name, many]):13.1f}"
        )
    ratio = statistics.median(a / b for a, b in zip(rates["wo-eval"], rates["open_clip"]))
    print(
        f"  wo-eval has {ratio:.2f} times the images a second of open_clip with {N_WORKERS} workers (aim 1.6)",
        flush=True,
    )


def said(n_exercises: int, videos_of_a_person: int) -> list:
    """Predictions of a model that is right on about five of six, and not surer than it may be; persons differ."""
    numbers = numpy.random.default_rng(1)
    made = []
    ease = numbers.normal(0, 0.5, N_SCORED // videos_of_a_person + 1)
    for video in range(N_SCORED):
        person, is_bad = video // videos_of_a_person, numbers.random() < 0.5
        logit = (numbers.normal(2, 2) + ease[person]) * (1 if is_bad else -1)
        bad = round(1 / (1 + numpy.exp(-logit)), 6)
        made.append(
            {
                "type": "prediction",
                "video_id": f"v{video}",
                "group": f"person:p{person}",
                "exercise": f"exercise_{video % n_exercises}",
                "label": "bad_form" if is_bad else "good_form",
                "labels": {"bad_form": bad, "good_form": 1 - bad},
                "seen": False,
            }
        )
    return made


def by_scipy(is_bad: numpy.ndarray, bad: numpy.ndarray, group: numpy.ndarray) -> None:
    """The interval of one figure, balanced accuracy: each group is one paired observation of its counts."""
    right = (bad > 0.5) == is_bad
    counts = [
        numpy.bincount(group, weights=of).astype(float)
        for of in (right & is_bad, is_bad, right & ~is_bad, ~is_bad)
    ]

    def balanced(right_bad, n_bad, right_good, n_good, axis=-1):
        return (right_bad.sum(axis) / n_bad.sum(axis) + right_good.sum(axis) / n_good.sum(axis)) / 2

    scipy.stats.bootstrap(
        counts,
        balanced,
        paired=True,
        vectorized=True,
        n_resamples=N_RESAMPLES,
        method="BCa",
        rng=numpy.random.default_rng(1),
        batch=100,
    )


def by_sklearn(is_bad: numpy.ndarray, bad: numpy.ndarray, group: numpy.ndarray) -> None:
    """The figures that wo-eval has of labels, percentile intervals alone."""
    numbers = numpy.random.default_rng(1)
    n_groups, values = group.max() + 1, []
    for _ in range(SLOW_RESAMPLES):
        weight = numpy.bincount(numbers.integers(0, n_groups, n_groups), minlength=n_groups)[
            group
        ].astype(float)
        called = bad > 0.5
        recall = sklearn.metrics.precision_recall_fscore_support(
            is_bad, called, sample_weight=weight
        )[:3]
        values.append(
            [
                sklearn.metrics.accuracy_score(is_bad, called, sample_weight=weight),
                recall[1].mean(),
                *numpy.ravel(recall),
            ]
            + [
                area(truth, score, sample_weight=weight)
                for truth, score in ((is_bad, bad), (~is_bad, 1 - bad))
                for area in (sklearn.metrics.roc_auc_score, sklearn.metrics.average_precision_score)
            ]
        )
    numpy.quantile(values, [0.025, 0.975], axis=0)


def bootstrap() -> None:
    made = {
        "wo-eval, one exercise": said(1, VIDEOS_OF_A_PERSON),
        "wo-eval, five exercises": said(5, VIDEOS_OF_A_PERSON),
        # One person alone says nothing of others, so that nothing is drawn.
        "wo-eval, no bootstrap": said(1, N_SCORED),
    }
    usual, five, without = made
    data = made[usual]
    arrays = (
        numpy.array([it["label"] == "bad_form" for it in data]),
        numpy.array([it["labels"]["bad_form"] for it in data]),
        numpy.array([int(it["group"].removeprefix("person:p")) for it in data]),
    )

    def ours(name: str):
        path = stream(work / f"{name}.ndjson", made[name])
        command = ["wo-eval", "--predictions", path, "--json", "-j", N_THREADS]
        return lambda: seconds(command, path.with_suffix(".found"), environment)

    def timed(work_of):
        def run() -> float:
            started = time.perf_counter()
            work_of(*arrays)
            return time.perf_counter() - started

        return run

    scipys, sklearns = "scipy.stats.bootstrap", "scikit-learn in a loop"
    sides = {name: ours(name) for name in made} | {
        scipys: timed(by_scipy),
        sklearns: timed(by_sklearn),
    }
    took: dict = {name: [] for name in sides}
    for _ in range(N_ROUNDS):
        for name in random.sample(sorted(sides), len(sides)):
            took[name].append(sides[name]())
    about = {
        scipys: f"1 figure, {N_RESAMPLES} resamples, BCa",
        sklearns: f"12 figures, {SLOW_RESAMPLES} resamples, percentile",
    }
    for name in made:
        found = [json.loads(line) for line in open(work / f"{name}.found")]
        n_intervals = sum(it.get("low") is not None for it in found)
        about[name] = (
            f"whole process; {n_intervals} figures with intervals, {OUR_RESAMPLES} resamples, percentile and BCa"
        )
    print(
        f"\nBootstrap over {N_SCORED} videos of {N_SCORED // VIDEOS_OF_A_PERSON} persons, {N_ROUNDS} rounds in turns"
    )
    for name in sides:
        print(f"  {name:<24} {statistics.median(took[name]):7.2f} s   {about[name]}")
    part = N_RESAMPLES / OUR_RESAMPLES
    for name in (usual, five):
        of_rounds = [
            none + part * (all_of_them - none)
            for all_of_them, none in zip(took[name], took[without])
        ]
        print(
            f"  {name}: {statistics.median(of_rounds):.2f} s for {N_RESAMPLES} resamples of all its figures, reading and writing "
            "included (aim 2)"
        )
        for peer, resamples in ((scipys, N_RESAMPLES), (sklearns, SLOW_RESAMPLES)):
            ratio = statistics.median(
                a / (b * N_RESAMPLES / resamples) for a, b in zip(of_rounds, took[peer])
            )
            print(f"    {ratio:.3f} of the time that {peer} takes for as many")
    sys.stdout.flush()


def memory(jpegs: list) -> None:
    model = trained("tiny", jpegs, "model-tiny", "--epochs", 1)
    print("\nMost memory of wo-eval with the embedded model, JPEGs with a short side of 512")
    for n_videos, n_frames in ((20, 10), (100, 10), (1000, 10), (20, 100), (5, 1000)):
        data = records(work / "memory.ndjson", jpegs, n_videos, n_frames)
        peak = peak_mib(["wo-eval", data, "--model", model, "--json", "-j", N_THREADS], environment)
        print(f"  {n_videos:5} videos of {n_frames:4} frames: {peak:6.0f} MiB", flush=True)


def main() -> None:
    random.seed(1)
    work.mkdir(parents=True, exist_ok=True)
    videos = pathlib.Path(sys.argv[1])
    parts = {
        "images": lambda: images(frames_of(videos, work)),
        "bootstrap": bootstrap,
        "memory": lambda: memory(frames_of(videos, work)),
    }
    for name in sys.argv[2:] or parts:
        parts[name]()


main()
