"""Compares a training step and a look at pictures of ours with open_clip's: time and memory, as ratios.

Arguments: the binary of our side, and the number of rounds. All models stay in memory and work one at a time in turns, in a new order each round,
so that a shared machine slows all of them alike; figures are medians over rounds, ratios medians of each round's. Beside the
time on the clock stands that of the processor, which others on the machine disturb less; threads that wait for each other
count in it."""

import os
import pathlib
import random
import statistics
import subprocess
import sys

BATCH, N_PRODUCTS = 16, 7
N_ROUNDS = int(sys.argv[2])
N_LOOKS = 2 * N_ROUNDS - N_ROUNDS // 3
here = pathlib.Path(__file__).parent
AIMS = {
    "fp32": "each side's own way 0.50 of the time with fused AdamW and 0.62 of the peak",
    "bf16": "each side's own way 0.35 of the time with fused AdamW",
}
OURS, FUSED, FOREACH = "ours", "open_clip, fused AdamW", "open_clip, its AdamW"


class Resident:
    """A model that stays in memory and does what a line says."""

    def __init__(self, command: list):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )

    def ask(self, order: str) -> float:
        self.process.stdin.write(f"{order}\n")
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"bench: no answer to {order} from {self.process.args}")
        return float(answer)

    def cpu(self) -> float:
        """Seconds of processor time so far, of all its threads."""
        with open(f"/proc/{self.process.pid}/stat") as stat:
            user, system = stat.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def residents(n_captions: int, length: int, precision: str) -> dict:
    about = [str(n_captions), str(length), precision]
    peer = [sys.executable, str(here / "train_peer.py")]
    return {
        OURS: Resident([sys.argv[1], *about]),
        FUSED: Resident([*peer, "fused", *about]),
        FOREACH: Resident([*peer, "foreach", *about]),
    }


def in_turns(models: dict, order: str, n_rounds: int) -> tuple[dict, dict]:
    """Seconds on the clock and of the processor."""
    for model in models.values():
        model.ask(order)  # The first time pays for memory and threads.
    seconds: dict = {name: [] for name in models}
    cpu: dict = {name: [] for name in models}
    for _ in range(n_rounds):
        for name in random.sample(sorted(models), len(models)):
            before = models[name].cpu()
            seconds[name].append(models[name].ask(order))
            cpu[name].append(models[name].cpu() - before)
    return seconds, cpu


def ratio(seconds: dict, name: str) -> float:
    return statistics.median(ours / theirs for ours, theirs in zip(seconds[OURS], seconds[name]))


def speed_of_products(ours: Resident) -> float:
    """The best of a few: what the machine can do."""
    return max(ours.ask("product") for _ in range(N_PRODUCTS))


def steps(title: str, n_captions: int, length: int, precision: str = "fp32") -> None:
    models = residents(n_captions, length, precision)
    products = [speed_of_products(models[OURS])]
    seconds, cpu = in_turns(models, "step", N_ROUNDS)
    peaks = {name: model.ask("peak") for name, model in models.items()}
    products.append(speed_of_products(models[OURS]))
    print(f"\n{title}")
    print(
        f"  {'':<24} {'s':>6} {'least':>6} {'cpu s':>6} {'peak GiB':>8}   ours of theirs: {'time':>5} {'cpu':>5} {'peak':>5}"
    )
    for name in models:
        print(
            f"  {name:<24} {statistics.median(seconds[name]):6.2f} {min(seconds[name]):6.2f} {statistics.median(cpu[name]):6.2f} {peaks[name] / 1024:8.2f}"
            f"   {'':15} {ratio(seconds, name):5.2f} {ratio(cpu, name):5.2f} {peaks[OURS] / peaks[name]:5.2f}",
            flush=True,
        )
    work, median = models[OURS].ask("work"), statistics.median(seconds[OURS])
    print(f"  aims: {AIMS[precision]}")
    print(
        f"  ours: {work / 1e9:.0f} GFLOP a step, {work / median / 1e9:.0f} GFLOP/s at the median; products of matrices "
        f"before and after {' and '.join(f'{speed / 1e9:.0f}' for speed in products)} GFLOP/s: "
        f"{100 * work / median / max(products):.0f} % of that"
    )
    if length < 77:
        looks, look_cpu = in_turns(models, "images", N_LOOKS)
        print(
            "  forward only: "
            + ", ".join(
                f"{name} {BATCH / statistics.median(looks[name]):.1f} images/s"
                + (
                    ""
                    if name == OURS
                    else f" (ours {1 / ratio(looks, name):.2f} times that, {1 / ratio(look_cpu, name):.2f} by processor time)"
                )
                for name in (OURS, FUSED)
            )
        )
    for model in models.values():
        model.close()


random.seed(1)
print(f"\nViT-B/32 from random weights, batch of {BATCH}, 2 threads; {N_ROUNDS} rounds in turns")
steps("Same work: 16 distinct captions of 77 tokens", 16, 77)
steps("Each side's own way: 4 distinct captions of up to 18 tokens", 4, 18)
if any(flag in open("/proc/cpuinfo").read().split() for flag in ("avx512_bf16", "amx_bf16")):
    steps("The same in bfloat16 on both sides", 4, 18, "bf16")
else:
    print("\nbfloat16: this processor does not multiply in it")
