"""Makes the golden numbers of crates/wo-stats/tests/statistics.json with scikit-learn, scipy, netcal and cleanlab.

Small inputs of each statistic, and what the reference makes of them. `scripts/just golden-statistics` runs this in a
virtual environment.
"""

import json
import pathlib
import sys
import warnings
from itertools import permutations

import numpy
import scipy
import sklearn
from cleanlab.count import compute_confident_joint, get_confident_thresholds
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from netcal.metrics import ACE, ECE, MCE
from scipy import optimize, stats
from sklearn import metrics
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
random = numpy.random.default_rng(7)


def rounded(values, digits: int):
    """What both sides start from: few digits keep the file small, and are exact in JSON."""
    return numpy.round(values, digits).tolist()


def ranking() -> dict:
    is_positive = random.random(40) < 0.4
    scores = numpy.round(is_positive * 0.15 + random.random(40) * 0.7, 1)  # One digit: many ties.
    groups = random.permutation(numpy.arange(40) % 12)
    times = random.multinomial(12, [1 / 12] * 12)
    weights = times[groups]
    false_rate, true_rate, _ = metrics.roc_curve(is_positive, scores, drop_intermediate=False)
    precision, recall, thresholds = metrics.precision_recall_curve(is_positive, scores)
    return {
        "scores": scores.tolist(),
        "is_positive": is_positive.tolist(),
        "groups": groups.tolist(),
        "times_drawn": times.tolist(),
        "roc_auc": metrics.roc_auc_score(is_positive, scores),
        "roc_auc_drawn": metrics.roc_auc_score(is_positive, scores, sample_weight=weights),
        "average_precision": metrics.average_precision_score(is_positive, scores),
        "average_precision_drawn": metrics.average_precision_score(
            is_positive, scores, sample_weight=weights
        ),
        "false_positive_rate": false_rate.tolist(),
        "true_positive_rate": true_rate.tolist(),
        # The reference starts at the lowest threshold and adds a point where nothing is called the class.
        "precision": precision[-2::-1].tolist(),
        "recall": recall[-2::-1].tolist(),
        "thresholds": thresholds[::-1].tolist(),
    }


def bootstrap() -> dict:
    values = numpy.round(random.exponential(2.0, 12), 1)
    arguments = {
        "n_resamples": 199,
        "random_state": numpy.random.default_rng(3),
        "vectorized": False,
    }

    def spread(sample):  # A skewed figure of which the jackknife has much to say.
        return float(numpy.mean((sample - numpy.mean(sample)) ** 2))

    percentile = stats.bootstrap((values,), spread, method="percentile", **arguments)
    resampled = numpy.round(percentile.bootstrap_distribution, 4)

    class Same:  # The same resamples again, rounded as in the file.
        bootstrap_distribution = resampled

    bca = stats.bootstrap(
        (values,), spread, method="BCa", n_resamples=0, bootstrap_result=Same, vectorized=False
    )
    percentile = stats.bootstrap(
        (values,),
        spread,
        method="percentile",
        n_resamples=0,
        bootstrap_result=Same,
        vectorized=False,
    )
    return {
        "value": spread(values),
        "resampled": resampled.tolist(),
        "left_out": [spread(numpy.delete(values, i)) for i in range(len(values))],
        "percentile": list(percentile.confidence_interval),
        "bca": list(bca.confidence_interval),
        "standard_error": float(bca.standard_error),
    }


def predictions(n: int, n_classes: int, sharpness: float) -> tuple:
    truth = random.integers(0, n_classes, n)
    logits = random.normal(size=(n, n_classes)) + sharpness * numpy.eye(n_classes)[truth]
    return truth, logits


def calibration() -> dict:
    truth, logits = predictions(60, 3, 1.0)
    probabilities = numpy.round(scipy.special.softmax(2 * logits, axis=1), 3)
    probabilities[:, 2] = numpy.round(1 - probabilities[:, 0] - probabilities[:, 1], 3)
    logarithms = numpy.log(numpy.maximum(probabilities, 1e-300))

    def loss(inverse):
        return -scipy.special.log_softmax(logarithms * inverse, axis=1)[
            numpy.arange(60), truth
        ].mean()

    inverse = optimize.minimize_scalar(
        loss, bounds=(0.01, 100), method="bounded", options={"xatol": 1e-10}
    ).x
    confidence = probabilities[:, 0]
    of_class = (truth == 0).astype(int)
    return {
        "truth": truth.tolist(),
        "probabilities": probabilities.tolist(),
        "brier": metrics.brier_score_loss(truth, probabilities, scale_by_half=False),
        "log_loss": metrics.log_loss(truth, probabilities),
        "temperature": 1 / inverse,
        "loss_before": loss(1.0),
        "loss_after": loss(inverse),
        "ece": ECE(15).measure(probabilities, truth),
        "ace": ACE(15).measure(probabilities, truth),
        "mce": MCE(15).measure(probabilities, truth),
        "ece_equal_number": ECE(15, equal_intervals=False).measure(probabilities, truth),
        "ece_of_class_0": ECE(10).measure(confidence, of_class),
    }


def selective() -> dict:
    confidence = numpy.round(0.5 + 0.5 * random.random(12), 1)
    is_right = random.random(12) < confidence
    # All orders of units of one confidence, by their number of errors: the mean over orders is the mean over ties.
    risks = []
    above = numpy.empty(0)
    for value in numpy.unique(confidence)[::-1]:
        tied = ~is_right[confidence == value]
        orders = numpy.array(
            [numpy.concatenate([above, order]) for order in set(permutations(tied.tolist()))]
        )
        cumulative = orders.cumsum(axis=1) / numpy.arange(1, orders.shape[1] + 1)
        risks += cumulative.mean(axis=0)[len(above) :].tolist()
        above = numpy.concatenate([above, tied])
    exact = [
        stats.binomtest(k, n).proportion_ci(0.95, "exact")
        for k, n in [(0, 20), (3, 30), (57, 60), (9, 9)]
    ]
    return {
        "confidence": confidence.tolist(),
        "is_right": is_right.tolist(),
        "area": float(numpy.mean(risks)),
        "exact": [[interval.low, interval.high] for interval in exact],
    }


def mcnemar() -> list:
    pairs = [(0, 0), (3, 1), (0, 6), (25, 12), (140, 100)]
    return [[b, c, 1.0 if b + c == 0 else stats.binomtest(b, b + c).pvalue] for b, c in pairs]


def label_errors(n: int, n_classes: int) -> dict:
    truth, logits = predictions(n, n_classes, 2.0)
    labels = numpy.where(random.random(n) < 0.2, random.integers(0, n_classes, n), truth)
    # The last digits make all probabilities different: ties have no order in the reference.
    probabilities = (
        numpy.round(scipy.special.softmax(logits, axis=1), 3) + numpy.arange(n)[:, None] * 1e-7
    )
    probabilities = numpy.round(probabilities, 7)
    selections = {
        "confident_joint": "confident_learning",
        "noise_rate": "prune_by_noise_rate",
        "class": "prune_by_class",
        "both": "both",
    }
    return {
        "labels": labels.tolist(),
        "probabilities": probabilities.tolist(),
        "thresholds": get_confident_thresholds(labels, probabilities).tolist(),
        "joint": compute_confident_joint(labels, probabilities, calibrate=False).tolist(),
        "self_confidence": get_label_quality_scores(
            labels, probabilities, method="self_confidence"
        )[:9].tolist(),
        "normalized_margin": get_label_quality_scores(
            labels, probabilities, method="normalized_margin"
        )[:9].tolist(),
        "selected": {
            name: numpy.flatnonzero(
                find_label_issues(labels, probabilities, filter_by=by, n_jobs=1)
            ).tolist()
            for name, by in selections.items()
        },
    }


def power_law() -> list:
    def law(n, limit, drop, rate):
        return limit - drop * n**-rate

    cases = []
    for limit, drop, rate in [(0.9, 0.6, 0.5), (0.8, 0.9, 1.2)]:
        n = numpy.repeat([3.0, 5.0, 9.0, 15.0, 30.0], 2)
        scores = numpy.round(law(n, limit, drop, rate) + random.normal(size=len(n)) * 0.005, 4)
        weights = numpy.round(random.uniform(1, 4, len(n)), 1)
        (found, _) = optimize.curve_fit(
            law,
            n,
            scores,
            p0=(0.8, 0.5, 0.6),
            sigma=weights**-0.5,
            bounds=([0, 0, 0.01], [1, numpy.inf, 5]),
            ftol=1e-15,
            xtol=1e-15,
            gtol=1e-15,
            max_nfev=100000,
        )
        cases.append(
            {
                "n_videos": n.tolist(),
                "scores": scores.tolist(),
                "weights": weights.tolist(),
                "law": found.tolist(),
                "at_100": law(100.0, *found),
            }
        )
    return cases


def probe(n: int, width: int, n_classes: int, inverse_penalty: float) -> dict:
    classes = numpy.arange(n) % n_classes
    features = numpy.round(
        random.normal(size=(n, width)) + 0.8 * classes[:, None] * random.random(width), 1
    )
    weights = numpy.round(random.uniform(0.5, 2, n), 1)
    standard = StandardScaler().fit_transform(features)
    model = LogisticRegression(C=inverse_penalty, tol=1e-10, max_iter=10000).fit(
        standard, classes, weights
    )
    return {
        "features": features.tolist(),
        "classes": classes.tolist(),
        "weights": weights.tolist(),
        "inverse_penalty": inverse_penalty,
        "probabilities": rounded(model.predict_proba(standard)[:6], 9),
    }


def main(path: pathlib.Path) -> None:
    golden = {
        "ranking": ranking(),
        "bootstrap": bootstrap(),
        "calibration": calibration(),
        "selective": selective(),
        "mcnemar": mcnemar(),
        "label_errors": [label_errors(60, 2), label_errors(60, 3)],
        "power_law": power_law(),
        "probe": [probe(24, 3, 2, 1.0), probe(24, 2, 3, 10.0), probe(8, 20, 2, 0.1)],
        "versions": {
            "numpy": numpy.__version__,
            "scipy": scipy.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
