"""How many labels the order of `wo-review --queue uncertain` saves, beside labels that are bought by chance.

Each repeat draws a pool of its own: videos of persons whom no other repeat has. A few are labelled at the start, by chance. Then,
round after round, a linear head is fitted to the labelled ones, predicts the others, and the next videos are labelled: the first
of the list that `wo-review` prints for these predictions, or any. After each round the head is judged on the same videos of
persons whom no pool has. The question is after how many labels an arm has the balanced accuracy that chance has with all of them.

Features are those of models/tiny, as `wo-train` keeps them in its cache. The head is fitted as `wo-train --method probe` fits it,
but from zero, where the tool begins with the captions; at the end the tools themselves judge the labels of the first repeat.
Other orders than that of the tool are made here, from the same predictions.

Arguments: the first and the last seed of the repeats."""

import collections
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import zlib

import numpy
from inputs import stream

TEST_SEED, POOL_SEED = 7000, 7100
STILLS, SIDE = 4, 112
TEST = ("--videos-per-class", 30, "--persons", 60)
POOL = ("--videos-per-class", 40, "--persons", 80)
N_START, N_ROUND, BUDGET = 10, 10, 100
# Starts of each repeat: the same pool, other first labels.
N_STARTS = 5
N_RESAMPLES, AIM = 2000, 0.6
# The probe of wo-train: crates/wo-train/src/validation/probe.rs.
N_STEPS, RATE, WARMUP, DECAY, FINAL = 300, 1e-3, 30, 1e-2, 0.01
LOGIT_SCALE = 20.6
KEY_BYTES, WIDTH = 16, 128
WORDS = [
    "crease",
    "kneecap",
    "sternum",
    "shins",
    "line",
    "range",
    "pelvis",
    "femur",
    "slope",
    "hinge",
    "patella",
    "buckle",
    "midline",
    "wrist",
    "lever",
    "arch",
]
GOOD, BAD = "good_form", "bad_form"

root = pathlib.Path.cwd()
work = root / "target/bench/queue"
environment = os.environ | {"OMP_WAIT_POLICY": "passive", "XDG_CACHE_HOME": str(work / "cache")}


@dataclasses.dataclass
class Video:
    """A drawn video: what is true of it, its records, and the mean feature of its frames."""

    records: list
    feature: numpy.ndarray

    @property
    def id(self) -> str:
        return self.records[0]["video_id"]

    @property
    def person(self) -> str:
        return self.records[0]["person_id"]

    @property
    def kind(self) -> tuple:
        """Exercise and label."""
        return self.records[0]["exercise"], self.records[0]["label"]

    @property
    def fault(self) -> str:
        return (self.records[1]["faults"] or ["none"])[0]


def run(*command: object) -> str:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, env=environment
    )
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def read(path: pathlib.Path) -> list:
    with open(path) as lines:
        return [json.loads(line) for line in lines]


def described(kind: tuple, fault: str) -> str:
    """A caption for each class in words that the start has never read, so that they are no head start."""
    seed = zlib.crc32("".join((*kind, fault)).encode())
    return " ".join(numpy.random.default_rng(seed).choice(WORDS, 8))


def drawn(name: str, seed: int, *flags: object) -> list:
    """Videos with their features; those that wo-train excludes are not there."""
    folder = work / name
    if not (folder / "drawn.ndjson").exists():
        shutil.rmtree(folder, ignore_errors=True)
        size = ("--stills", STILLS, "--still-size", SIDE)
        run("wo-synth", "--out", folder, "--seed", seed, *size, *flags)
        records = [r for r in read(folder / "records.ndjson") if r["type"] in ("video", "frame")]
        for record in records:
            if record["type"] == "frame":
                kind = (record["exercise"], record["label"])
                record["description"] = described(kind, (record["faults"] or ["none"])[0])
                record["image"]["file"]["path"] = str(folder / record["image"]["file"]["path"])
        stream(folder / "drawn.part", records)
        trained(folder / "drawn.part", work / "features-of-all")
        (folder / "drawn.part").rename(folder / "drawn.ndjson")
    rows = features()
    videos: dict = collections.defaultdict(list)
    for record in read(folder / "drawn.ndjson"):
        if record["type"] in ("video", "frame"):
            videos[record["video_id"]].append(record)
    made = []
    for records in videos.values():
        keys = [bytes.fromhex(r["image"]["file"]["blake3"])[:KEY_BYTES] for r in records[1:]]
        if all(key in rows for key in keys):
            made.append(Video(records, numpy.mean([rows[key] for key in keys], axis=0)))
    return made


def trained(data: pathlib.Path, model: pathlib.Path) -> None:
    """A probe on all videos of a stream."""
    without_split = ("--validation", 0, "--test", 0, "--method", "probe", "--resume", "never")
    run("wo-train", data, "--init", root / "models/tiny", *without_split, "--output", model)


def features() -> dict:
    """All rows of wo-train's cache, by the hash of the frame's bytes."""
    rows = {}
    size = KEY_BYTES + 4 * WIDTH
    for path in (work / "cache/wo/features").glob("*.rows"):
        data = path.read_bytes()
        for at in range(0, len(data) - size + 1, size):
            row = numpy.frombuffer(data, "<f4", WIDTH, at + KEY_BYTES)
            rows[data[at : at + KEY_BYTES]] = row.astype(float)
    return rows


class Head:
    """A linear head, fitted as the probe of wo-train is."""

    def __init__(self, videos: list) -> None:
        self.classes = sorted({(*video.kind, video.fault) for video in videos})
        places = [self.classes.index((*video.kind, video.fault)) for video in videos]
        counts = collections.Counter(video.kind for video in videos)
        weights = numpy.array([1 / counts[video.kind] for video in videos])
        weights *= len(videos) / weights.sum()
        inputs = numpy.stack([video.feature for video in videos]) * LOGIT_SCALE
        targets = numpy.zeros((len(videos), len(self.classes)))
        targets[numpy.arange(len(videos)), places] = weights
        self.head = numpy.zeros((len(self.classes), WIDTH))
        first, second = numpy.zeros_like(self.head), numpy.zeros_like(self.head)
        for step in range(1, N_STEPS + 1):
            errors = softmax(inputs @ self.head.T) * weights[:, None] - targets
            gradient = errors.T @ inputs / len(videos)
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * gradient**2
            move = first / (1 - 0.9**step) / (numpy.sqrt(second / (1 - 0.999**step)) + 1e-8)
            self.head -= rate(step) * (DECAY * self.head + move)

    def probabilities(self, videos: list) -> numpy.ndarray:
        """Of each video and class."""
        return softmax(LOGIT_SCALE * numpy.stack([video.feature for video in videos]) @ self.head.T)

    def bad(self, probabilities: numpy.ndarray) -> numpy.ndarray:
        return probabilities[:, [label == BAD for _, label, _ in self.classes]].sum(1)

    def exercises(self, probabilities: numpy.ndarray) -> dict:
        """Of each exercise the probability of each video."""
        names = sorted({exercise for exercise, _, _ in self.classes})
        of = {name: [exercise == name for exercise, _, _ in self.classes] for name in names}
        return {name: probabilities[:, of[name]].sum(1) for name in names}


def rate(step: int) -> float:
    if step <= WARMUP:
        return RATE * step / WARMUP
    progress = (step - 1 - WARMUP) / (N_STEPS - WARMUP)
    return RATE * (FINAL + (1 - FINAL) * 0.5 * (1 + numpy.cos(numpy.pi * progress)))


def softmax(logits: numpy.ndarray) -> numpy.ndarray:
    powers = numpy.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def balanced_accuracy(head: Head, test: list) -> float:
    says_bad = head.bad(head.probabilities(test)) > 0.5
    is_bad = numpy.array([video.kind[1] == BAD for video in test])
    return (says_bad[is_bad].mean() + (~says_bad[~is_bad]).mean()) / 2


# An order gets the head, the labelled videos, the others, how many are wanted, and random numbers; it returns their places.


def by_chance(_head: Head, _labelled: list, others: list, n: int, numbers) -> list:
    return list(numbers.permutation(len(others))[:n])


def of_wo_review(head: Head, labelled: list, others: list, n: int, _numbers) -> list:
    """The first videos of the list that wo-review prints of a folder in which only the labelled ones have labels."""
    folder = work / "folder"
    folder.mkdir(exist_ok=True)
    without = {"label": None, "label_origin": None, "faults": [], "description": None}
    unlabelled = [
        record | {"exercise": None} | ({"label": None} if record["type"] == "video" else without)
        for video in others
        for record in video.records
    ]
    stream(
        folder / "records.ndjson",
        [record for video in labelled for record in video.records] + unlabelled,
    )
    probabilities = head.probabilities(others)
    bad, exercises = head.bad(probabilities), head.exercises(probabilities)
    predictions = [
        {
            "type": "prediction",
            "video_id": video.id,
            "group": f"person:{video.person}",
            "labels": {BAD: bad[i], GOOD: 1 - bad[i]},
            "exercises": {name: of[i] for name, of in exercises.items()},
        }
        for i, video in enumerate(others)
    ]
    path = stream(work / "predictions.ndjson", predictions)
    flags = ("--queue", "uncertain", "--predictions", path, "--list")
    listed = map(json.loads, run("wo-review", folder, *flags).splitlines())
    places = {video.id: i for i, video in enumerate(others)}
    ids = dict.fromkeys(record["video_id"] for record in listed if record["type"] == "queued")
    return [places[video_id] for video_id in ids if video_id in places][:n]


def order(uncertainty, of_person: float = 1.0, of_class: float = 1.0, chance: float = 0.0):
    """An order by uncertainty, less for each labelled video of the same person and of the same class."""

    def picked(head: Head, labelled: list, others: list, n: int, numbers) -> list:
        probabilities = head.probabilities(others)
        bad, exercises = head.bad(probabilities), head.exercises(probabilities)
        best = numpy.array(list(exercises.values())).argmax(0)
        names = list(exercises)
        kinds = [(names[best[i]], BAD if bad[i] > 0.5 else GOOD) for i in range(len(others))]
        counts = collections.Counter(video.person for video in labelled)
        counts.update(video.kind for video in labelled)
        worth = numpy.maximum(uncertainty(bad, probabilities), 0.05)
        left = list(numbers.permutation(len(others)))
        picked, n_by_chance = [], round(chance * n)
        while len(picked) < n - n_by_chance:
            now = [
                worth[i] * of_person ** counts[others[i].person] * of_class ** counts[kinds[i]]
                for i in left
            ]
            picked.append(left.pop(int(numpy.argmax(now))))
            counts.update([others[picked[-1]].person, kinds[picked[-1]]])
        return picked + left[:n_by_chance]

    return picked


def margin(bad, _probabilities):
    return 1 - abs(2 * bad - 1)


def entropy(_bad, probabilities):
    return -(probabilities * numpy.log(probabilities + 1e-12)).sum(1)


def near_abstention(bad, _probabilities):
    return 1 - abs(numpy.maximum(bad, 1 - bad) - 0.75)


def equal(bad, _probabilities):
    return numpy.ones(len(bad))


ARMS = {
    "by chance": by_chance,
    "by chance again": by_chance,
    "wo-review": of_wo_review,
    "margin alone": order(margin),
    "margin, persons": order(margin, of_person=0.65),
    "margin, classes": order(margin, of_class=0.8),
    "margin, both, a fifth by chance": order(margin, 0.65, 0.8, chance=0.2),
    "entropy of classes, both": order(entropy, 0.65, 0.8),
    "near an abstention threshold of 0.75, both": order(near_abstention, 0.65, 0.8),
    "persons and classes, no uncertainty": order(equal, 0.65, 0.8),
}


def first_labels(pool: list, numbers) -> list:
    """One video of each exercise and label, by chance, and others up to the number of the start."""
    mixed = list(numbers.permutation(len(pool)))
    firsts = {pool[i].kind: i for i in reversed(mixed)}
    places = list(firsts.values()) + [i for i in mixed if i not in firsts.values()]
    return [int(i) for i in places[:N_START]]


def bought(pool: list, test: list, arm: str, seed: int, start: int) -> tuple:
    """The balanced accuracy after each round, and the labelled videos of the last one."""
    places = first_labels(pool, numpy.random.default_rng([seed, start]))
    labelled = [pool[i] for i in places]
    others = [video for i, video in enumerate(pool) if i not in places]
    numbers = numpy.random.default_rng([seed, start, list(ARMS).index(arm)])
    reached = []
    while True:
        head = Head(labelled)
        reached.append(balanced_accuracy(head, test))
        if len(labelled) >= BUDGET:
            return reached, labelled
        chosen = ARMS[arm](head, labelled, others, N_ROUND, numbers)
        labelled += [others[i] for i in chosen]
        others = [video for i, video in enumerate(others) if i not in chosen]


def rising(values: numpy.ndarray) -> numpy.ndarray:
    """The nearest curve that never falls: else the first lucky round would count as reached."""
    blocks: list = []
    for value in values:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (one, n_one), (other, n_other) = blocks.pop(-2), blocks.pop()
            blocks.append([(one * n_one + other * n_other) / (n_one + n_other), n_one + n_other])
    return numpy.concatenate([[value] * n for value, n in blocks])


def fraction(arm: numpy.ndarray, chance: numpy.ndarray) -> float:
    """The part of the budget after which an arm is as good as chance is with all of it; infinite if it never is."""
    sizes = numpy.arange(N_START, BUDGET + 1, N_ROUND)
    curve, target = rising(arm.mean(0)), rising(chance.mean(0))[-1]
    if curve[-1] < target:
        return numpy.inf
    return numpy.interp(target, *unique(curve, sizes)) / BUDGET


def unique(curve: numpy.ndarray, sizes: numpy.ndarray) -> tuple:
    """The first size of each value."""
    values, at = numpy.unique(curve, return_index=True)
    return values, sizes[at]


def with_interval(arm: numpy.ndarray, chance: numpy.ndarray) -> str:
    numbers = numpy.random.default_rng(0)
    drawn = [numbers.integers(0, len(arm), len(arm)) for _ in range(N_RESAMPLES)]
    resampled = [fraction(arm[places], chance[places]) for places in drawn]
    low, high = numpy.quantile(resampled, [0.025, 0.975], method="nearest")
    return f"{fraction(arm, chance):.2f} [{low:.2f}, {high:.2f}]"


def of_tools(labelled: list, test: list) -> float:
    """What wo-train and wo-eval make of the same labels."""
    stream(work / "labelled.ndjson", [record for video in labelled for record in video.records])
    trained(work / "labelled.ndjson", work / "model")
    stream(work / "test.ndjson", [record for video in test for record in video.records])
    said = run("wo-eval", work / "test.ndjson", "--model", work / "model", "--json").splitlines()
    scores = [r for r in map(json.loads, said) if r["type"] == "score" and r["by"] == "model"]
    wanted = {"task": "label", "scope": "all", "name": "balanced_accuracy"}
    return next(r["value"] for r in scores if all(r[key] == wanted[key] for key in wanted))


def main() -> None:
    first, last = (*map(int, sys.argv[1:]), 20)[:2] if sys.argv[1:] else (11, 20)
    work.mkdir(parents=True, exist_ok=True)
    test = drawn("test", TEST_SEED, *TEST)
    curves: dict = {arm: [] for arm in ARMS}
    checks = []
    for seed in range(first, last + 1):
        pool = drawn(f"pool-{seed}", POOL_SEED + seed, *POOL)
        for arm, of_repeats in curves.items():
            starts = [bought(pool, test, arm, seed, start) for start in range(N_STARTS)]
            of_repeats.append(numpy.mean([reached for reached, _ in starts], axis=0))
            if seed == first and arm in ("by chance", "wo-review"):
                reached, labelled = starts[0]
                checks.append((arm, reached[-1], of_tools(labelled, test)))
        print(f"seed {seed}: {len(pool)} videos", file=sys.stderr, flush=True)
    n_repeats = last - first + 1
    print(
        f"{len(test)} test videos of {len({video.person for video in test})} persons; {n_repeats} pools of {len(pool)} videos, "
        f"{N_STARTS} starts in each; {N_START} labels, then {N_ROUND} a round"
    )
    sizes = range(N_START, BUDGET + 1, N_ROUND)
    print(f"{'balanced accuracy after':<44}" + "".join(f"{n:7}" for n in sizes) + "  labels needed")
    for arm, of_repeats in curves.items():
        of_repeats = numpy.array(of_repeats)
        means = "".join(f"{value:7.3f}" for value in of_repeats.mean(0))
        needed = with_interval(of_repeats, numpy.array(curves["by chance"]))
        print(f"{arm:<44}{means}  {needed}", flush=True)
    print(f"Labels needed: as a part of {BUDGET}, with a 95 % interval over pools; aim {AIM:.2f}")
    for arm, head, tools in checks:
        print(
            f"{BUDGET} labels of the first pool, {arm}: {head:.3f} here, {tools:.3f} by wo-train and wo-eval"
        )


main()
