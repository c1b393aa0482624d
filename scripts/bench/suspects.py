"""Ranks flipped labels with wo-eval and with cleanlab from the same out-of-fold predictions, and prints average precision.

Drawn data: persons with six videos each, two labels, features that differ by label, by person and by chance. Labels of some
videos are flipped, and logistic regression is fitted to them on folds of whole persons, so that what it says of a video
comes from other persons and from labels as wrong as the data's. What none of both can know stands beside it: the ranking by
the true probability of a flip, given features and label (of a video alone, its person not known), which is what a perfect
model of such features could do.

Argument: how many draws."""

import json
import pathlib
import subprocess
import sys

import numpy
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from inputs import stream
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import GroupKFold, cross_val_predict

N_PERSONS, VIDEOS_OF_A_PERSON, N_FEATURES, N_FOLDS, N_DRAWS = 100, 6, 16, 5, 10
FLIPPED = (0.05, 0.1, 0.2)
# A person moves all of one's videos by this much of the spread within a person.
OF_PERSON = 0.5
# How far apart the two labels lie, in spreads within a person, and how hard that makes it.
APART = {"clear": 5.0, "usual": 2.8, "hard": 1.8}
LABELS = ("good_form", "bad_form")
RANKINGS = ("wo-eval", "cleanlab, its issues", "cleanlab, all ranked", "perfect model")
work = pathlib.Path("target/bench/suspects")


def drawn(numbers: numpy.random.Generator, apart: float):
    """Features, true labels, persons, and the probability of bad form that features alone give."""
    person = numpy.repeat(numpy.arange(N_PERSONS), VIDEOS_OF_A_PERSON)
    truth = numbers.integers(0, 2, len(person))
    features = (
        numbers.normal(size=(len(person), N_FEATURES))
        + numbers.normal(0, OF_PERSON, (N_PERSONS, N_FEATURES))[person]
    )
    features[:, 0] += apart * (truth - 0.5)
    knows = 1 / (1 + numpy.exp(-apart * features[:, 0] / (1 + OF_PERSON**2)))
    return features, truth, person, knows


def of_wo_eval(labels: numpy.ndarray, said: numpy.ndarray, person: numpy.ndarray) -> numpy.ndarray:
    """How suspicious wo-eval finds each video; 0 where it does not name it."""
    predictions = [
        {
            "type": "prediction",
            "video_id": f"v{video}",
            "group": f"person:p{person[video]}",
            "label": LABELS[label],
            "labels": dict(zip(LABELS, map(float, row))),
        }
        for video, (label, row) in enumerate(zip(labels, said))
    ]
    path = stream(work / "said.ndjson", predictions)
    done = subprocess.run(
        ["wo-eval", "--predictions", path, "--suspects", "--json"], capture_output=True, text=True
    )
    if done.returncode:
        sys.exit(f"bench: wo-eval ended with {done.returncode}\n{done.stderr}")
    scores = numpy.zeros(len(labels))
    for record in map(json.loads, done.stdout.splitlines()):
        if record["type"] == "suspect" and record["reason"] in ("label", "doubt"):
            scores[int(record["video_id"][1:])] = record["score"]
    return scores


def one_draw(seed: int, apart: float, share: float) -> dict:
    numbers = numpy.random.default_rng(seed)
    features, truth, person, knows = drawn(numbers, apart)
    flipped = numpy.zeros(len(truth), bool)
    flipped[numbers.permutation(len(truth))[: round(share * len(truth))]] = True
    labels = numpy.where(flipped, 1 - truth, truth)
    folds = GroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    said = cross_val_predict(
        LogisticRegression(max_iter=1000),
        features,
        labels,
        groups=person,
        cv=folds,
        method="predict_proba",
    )
    margin = 1 - get_label_quality_scores(labels, said, method="normalized_margin")
    issues = find_label_issues(labels, said, filter_by="prune_by_noise_rate", n_jobs=1)
    of_label = numpy.where(labels == 1, knows, 1 - knows)
    perfect = share * (1 - of_label) / (share * (1 - of_label) + (1 - share) * of_label)
    scores = (of_wo_eval(labels, said, person), numpy.where(issues, margin, 0), margin, perfect)
    # As accurate as it is on true labels, out of fold.
    found = {"accuracy": ((said[:, 1] > 0.5) == truth).mean(), "named": (scores[0] > 0).mean()}
    return found | {
        name: average_precision_score(flipped, score) for name, score in zip(RANKINGS, scores)
    }


def main() -> None:
    n_draws = int(sys.argv[1]) if len(sys.argv) > 1 else N_DRAWS
    work.mkdir(parents=True, exist_ok=True)
    print(
        f"Average precision of flipped labels, mean ± standard deviation of {n_draws} draws; {N_PERSONS * VIDEOS_OF_A_PERSON} videos "
        f"of {N_PERSONS} persons; aim 0.8"
    )
    print(
        f"{'':<10} {'flipped':>7} {'accuracy':>8} {'named':>6}  "
        + "  ".join(f"{name:>20}" for name in RANKINGS)
    )
    for name, apart in APART.items():
        for share in FLIPPED:
            draws = [one_draw(seed, apart, share) for seed in range(n_draws)]
            of = {key: numpy.array([draw[key] for draw in draws]) for key in draws[0]}
            columns = "  ".join(
                f"{f'{of[ranking].mean():.3f} ± {of[ranking].std(ddof=1):.3f}':>20}"
                for ranking in RANKINGS
            )
            print(
                f"{name:<10} {share:7.0%} {of['accuracy'].mean():8.3f} {of['named'].mean():6.1%}  {columns}",
                flush=True,
            )


main()
