#!/usr/bin/env python3
"""Checks wo on this machine's GPU and writes a report: report.md for people, report.json with all figures.

Runs from the folder that scripts/gpu-check made; needs a Python with torch of one of the folder's versions, whose
libtorch the binaries use, and nothing else. Without a GPU, or with --cpu, the same checks run on the CPU, and rows that
need a GPU say so. Exit codes: 0 all passed or were skipped, 1 something failed, 4 it cannot run here."""

import argparse
import hashlib
import json
import lzma
import math
import os
import pathlib
import platform
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
NO_GPU = "no GPU"
ONEDNN_FAILED = "could not create a primitive"
# What may differ, by precision. Cosines and features are of unit vectors; the loss is relative, and gradients are one
# vector, relative to its length.
TOLERANCE = {"fp32": 1e-5, "tf32": 2e-3, "bf16": 1e-2}
# Rounding adds up over whole gradients: what sixteen bits may add to those of 32.
GRADIENT_FACTOR = {"fp32": 1, "tf32": 5, "bf16": 5}
LATER_LOSSES = {"fp32": 1e-4, "bf16": 5e-2}
# In the steps of one run. The shares of one group of frames are equal up to the order of sums.
SAME = 1e-5
PROBABILITIES = 1e-3
BINARIES = ("device_check", "wo-train", "wo-eval")


def say(text: str) -> None:
    print(f"gpu-check: {text}", file=sys.stderr, flush=True)


class Failed(Exception):
    """A check that did not hold; with its figures."""

    def __init__(self, why: str, figures: dict | None = None):
        super().__init__(why)
        self.figures = figures or {}


class Skipped(Exception):
    """A check that cannot be made here."""


def below(figures: dict, limits: dict) -> dict:
    """The figures, if each is below its limit."""
    # Not `>=`: NaN is below nothing.
    over = [
        f"{name} {figures[name]:.3g}, at most {most:.3g}"
        for name, most in limits.items()
        if not figures[name] <= most
    ]
    kept = {name: value for name, value in figures.items() if not isinstance(value, list)}
    kept["limits"] = limits
    if over:
        raise Failed("; ".join(over), kept)
    return kept


# The report.


class Report:
    def __init__(self, about: dict, folder: pathlib.Path, wanted: str = ""):
        self.about, self.folder, self.wanted = about, folder, wanted
        self.rows: list[dict] = []

    def run(self, name: str, check, *args) -> None:
        if self.wanted not in name and check is not check_files:
            return
        started = time.monotonic()
        figures: dict = {}
        try:
            outcome, why, figures = "pass", "", check(*args) or {}
        except Skipped as skipped:
            outcome, why = "skipped", str(skipped)
        except Failed as failed:
            outcome, why, figures = "fail", str(failed), failed.figures
        except Exception as error:
            # One check that breaks must not hide the others.
            outcome, why = "fail", f"{type(error).__name__}: {error}"
            figures = {"traceback": traceback.format_exc()}
        seconds = round(time.monotonic() - started, 1)
        self.rows.append(
            {"name": name, "outcome": outcome, "why": why, "seconds": seconds, "figures": figures}
        )
        say(f"{name}: {outcome}{': ' + why if why else ''} ({seconds} s)")
        # A check may bring the machine down.
        self.write()

    def count(self, outcome: str) -> int:
        return sum(row["outcome"] == outcome for row in self.rows)

    def markdown(self) -> str:
        lines = ["# gpu-check", ""]
        lines += [f"- {name}: {value}" for name, value in self.about.items()]
        lines += [
            "",
            f"{self.count('pass')} passed, {self.count('fail')} failed, {self.count('skipped')} skipped.",
            "",
        ]
        lines += ["| Check | Outcome | s | Figures |", "|---|---|---|---|"]
        for row in self.rows:
            outcome = row["outcome"] + (f": {row['why']}" if row["why"] else "")
            cells = [row["name"], outcome, str(row["seconds"]), in_words(row["figures"])]
            lines.append("| " + " | ".join(cell_of(cell) for cell in cells) + " |")
        return "\n".join(lines) + "\n"

    def write(self) -> None:
        folder = self.folder
        folder.mkdir(parents=True, exist_ok=True)
        whole = finite({"about": self.about, "checks": self.rows})
        text = json.dumps(whole, indent=1, allow_nan=False)
        (folder / "report.json").write_text(text + "\n")
        (folder / "report.md").write_text(self.markdown())


def finite(value):
    """The value as JSON can have it: NaN and infinity as text."""
    if isinstance(value, dict):
        return {name: finite(it) for name, it in value.items()}
    if isinstance(value, list | tuple):
        return [finite(it) for it in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def cell_of(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())[:400]


def in_words(figures: dict) -> str:
    def value(it) -> str:
        return f"{it:.3g}" if isinstance(it, float) else str(it)

    return ", ".join(
        f"{name} {value(it)}"
        for name, it in figures.items()
        if name != "traceback" and not isinstance(it, dict | list)
    )


# The machine and the folder.


def read_manifest() -> dict:
    return json.loads((HERE / "manifest.json").read_text())


def check_files() -> dict:
    """Whether all files of the folder are as they were packed."""
    files = read_manifest()["files"]
    damaged = []
    for name, sha256 in files.items():
        path = HERE / name
        if not path.is_file():
            damaged.append(f"{name} is missing")
        elif hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            damaged.append(f"{name} is damaged")
    if damaged:
        raise Failed("; ".join(damaged) + "; copy the folder again", {"files": len(files)})
    return {"files": len(files)}


class Machine:
    """The binaries unpacked for this machine's torch, and where they compute."""

    def __init__(self, options: argparse.Namespace, work: pathlib.Path):
        import torch

        self.options, self.work = options, work
        self.torch = ".".join(torch.__version__.split("+")[0].split(".")[:2])
        binaries = HERE / f"torch-{self.torch}"
        if not binaries.is_dir():
            there = ", ".join(
                sorted(path.name.removeprefix("torch-") for path in HERE.glob("torch-*"))
            )
            raise SystemExit(
                stop(
                    f"this Python has torch {torch.__version__}; the folder has binaries for {there}",
                    "install one of these, or run another Python: path/to/python gpu-check",
                )
            )
        if not torch.compiled_with_cxx11_abi():
            raise SystemExit(
                stop(
                    "this torch was built with the old C++ ABI",
                    "the wheels of PyPI from 2.7 on have the new one",
                )
            )
        self.libraries = pathlib.Path(torch.__file__).parent / "lib"
        self.bin = work / "bin"
        self.bin.mkdir()
        for name in BINARIES:
            packed = binaries / f"{name}.xz"
            if packed.is_file():
                path = self.bin / name
                try:
                    path.write_bytes(lzma.decompress(packed.read_bytes()))
                except lzma.LZMAError as error:
                    raise SystemExit(stop(f"{packed}: {error}", "copy the folder again")) from None
                path.chmod(0o755)
        self.found = self.device_check("device", "cpu" if options.cpu else options.device)
        self.device = options.device if self.found["is_gpu"] else "cpu"
        if self.device == "auto":
            self.device = "cuda"

    @property
    def is_gpu(self) -> bool:
        return self.found["is_gpu"]

    def environment(self, variables: dict) -> dict:
        path = f"{self.libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}".rstrip(":")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("WO_")}
        # No cache and no settings of this machine's user.
        mine = {
            "LD_LIBRARY_PATH": path,
            "XDG_CACHE_HOME": str(self.work / "cache"),
            "HF_HUB_OFFLINE": "1",
        }
        # Threads that wait for each other's turn take it from others.
        return {"OMP_WAIT_POLICY": "PASSIVE"} | kept | mine | variables

    def start(self, tool: str, *args, variables=None, **more) -> subprocess.Popen:
        command = [str(self.bin / tool), *map(str, args)]
        return subprocess.Popen(
            command,
            env=self.environment(variables or {}),
            cwd=self.work,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **more,
        )

    def run(self, tool: str, *args, variables=None) -> subprocess.CompletedProcess:
        process = self.start(tool, *args, variables=variables)
        stdout, stderr = process.communicate(timeout=self.options.timeout)
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def checked(self, tool: str, *args, variables=None) -> subprocess.CompletedProcess:
        done = self.run(tool, *args, variables=variables)
        if done.returncode != 0:
            raise Failed(f"{tool} ended with {done.returncode}: {last_lines(done.stderr)}")
        return done

    def device_check(self, task: str, device: str, *args) -> dict:
        return json.loads(self.checked("device_check", task, device, *args).stdout.splitlines()[-1])

    def precision_or_skip(self, precision: str) -> None:
        if precision == "tf32" and not self.is_gpu:
            raise Skipped(NO_GPU)
        if precision == "tf32" and not self.found["is_ampere"]:
            raise Skipped("this GPU is older than Ampere")
        if precision == "bf16" and not self.is_gpu and not self.found["cpu_has_bfloat16"]:
            raise Skipped(f"{NO_GPU}, and this processor does not multiply in bfloat16")


def stop(why: str, hint: str) -> int:
    say(why)
    say(f"hint: {hint}")
    return 4


def last_lines(text: str) -> str:
    return " / ".join(text.strip().splitlines()[-3:])


# Checks of tensors.


def model_options(model: str) -> list[str]:
    return [f"model={HERE / 'model'}"] if model == "tiny" else []


def parity(machine: Machine, model: str, precision: str) -> dict:
    machine.precision_or_skip(precision)
    frames = "frames=4" if model != "tiny" and not machine.is_gpu else "frames=8"
    figures = machine.device_check(
        "parity", machine.device, f"precision={precision}", frames, *model_options(model)
    )
    most = TOLERANCE[precision] * machine.options.tolerance
    limits = dict.fromkeys(("image_features", "text_features", "cosines", "loss"), most)
    return below(figures, limits | {"gradients": most * GRADIENT_FACTOR[precision]})


def notices(machine: Machine) -> dict:
    """A comparison that passes whatever is compared would be worth nothing."""
    figures = machine.device_check("parity", machine.device, "change=0.1", *model_options("tiny"))
    if not figures["image_features"] > TOLERANCE["fp32"]:
        raise Failed("a weight was changed by 0.1 and the features stayed the same", figures)
    return {"image_features": figures["image_features"]}


def checkpointing(machine: Machine, model: str, precision: str, *more: str) -> dict:
    machine.precision_or_skip(precision)
    if model != "tiny" and not machine.is_gpu:
        raise Skipped(f"{NO_GPU}, and takes minutes on a CPU")
    figures = machine.device_check(
        "checkpointing", machine.device, f"precision={precision}", *more, *model_options(model)
    )
    # Weights of sixteen bits may round to another side.
    return below(figures, {"losses": SAME if precision == "fp32" else TOLERANCE["bf16"]})


def training(machine: Machine, precision: str) -> dict:
    machine.precision_or_skip(precision)
    if not machine.is_gpu and precision == "fp32":
        raise Skipped(f"{NO_GPU} to compare with the CPU")
    figures = machine.device_check(
        "training", machine.device, f"precision={precision}", *model_options("tiny")
    )
    of_device, of_cpu = figures["losses_of_device"], figures["losses_of_cpu"]
    figures["first_loss"] = abs(of_device[0] / of_cpu[0] - 1)
    figures["last_loss"] = abs(of_device[-1] / of_cpu[-1] - 1)
    return below(
        figures, {"first_loss": TOLERANCE[precision], "last_loss": LATER_LOSSES[precision]}
    )


def lora(machine: Machine) -> dict:
    figures = machine.device_check("lora", machine.device, *model_options("tiny"))
    return below(figures, {"losses": LATER_LOSSES["fp32"], "base_moved": 0.0, "merged": SAME})


def average(machine: Machine) -> dict:
    figures = machine.device_check("average", machine.device, *model_options("tiny"))
    if not figures["lag_behind_weights"] > 0:
        raise Failed("the average is the weights themselves", figures)
    return below(figures, {"averages": 2e-6})


def not_finite(machine: Machine) -> dict:
    figures = machine.device_check("not_finite", machine.device, *model_options("tiny"))
    if (
        figures["is_counted"]
        or not figures["norm_after_is_finite"]
        or not figures["moved_after"] > 0
    ):
        raise Failed("the step counts, or the next one is not taken", figures)
    return below(figures, {"moved": 0.0})


# Out of memory.


def too_much(machine: Machine) -> dict:
    figures = machine.device_check("too_much", machine.device)
    figures["message"] = (figures["message"] or "")[:200]
    if not figures["message"] or figures["product_after"] != 64.0**3:
        raise Failed("it is no error in words, or the device does not go on", figures)
    return figures


def cublas(machine: Machine) -> dict:
    if not machine.is_gpu:
        raise Skipped(NO_GPU)
    figures = machine.device_check("cublas", machine.device)
    figures["message"] = (figures["message"] or "")[:300]
    if figures["message"] and not figures["is_known_as_lack_of_memory"]:
        raise Failed(
            "a product on a full GPU fails with words that are not known as a lack of memory",
            figures,
        )
    return figures


def halving(machine: Machine) -> dict:
    """A pass that does not fit: on a GPU it is filled, on a CPU the process gets a limit."""
    frames = 1024 if machine.is_gpu else 64
    process = machine.start(
        "device_check",
        "halving",
        machine.device,
        f"frames={frames}",
        *([] if machine.is_gpu else model_options("tiny")),
        stdin=subprocess.PIPE,
    )
    if not machine.is_gpu:
        process.stdout.readline()
        status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        held = next(
            int(line.split()[1]) * 1024
            for line in status.splitlines()
            if line.startswith("VmSize:")
        )
        limit = held + machine.options.room * (1 << 20)
        resource.prlimit(process.pid, resource.RLIMIT_AS, (limit, limit))
    stdout, stderr = process.communicate("go\n", timeout=machine.options.timeout)
    if not machine.is_gpu and ONEDNN_FAILED in stderr:
        # These words have other causes too, so they are not known as a lack of memory.
        raise Skipped(
            f"{NO_GPU}, and oneDNN ran out of memory before libtorch did: {ONEDNN_FAILED}"
        )
    if process.returncode != 0:
        raise Failed(f"device_check ended with {process.returncode}: {last_lines(stderr)}")
    figures = json.loads(stdout.splitlines()[-1])
    tried = figures.pop("tried")
    figures["passes"] = " ".join(map(str, tried))
    if figures["loss"] is None or len(tried) < 2:
        raise Failed("nothing was halved, or nothing fitted in the end", figures)
    return below(figures, {"features_after": SAME})


# The tools.


def weights_of(folder: pathlib.Path) -> dict:
    """The tensors of a model.safetensors in 32 bits."""
    import torch

    data = (folder / "model.safetensors").read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    kinds = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}

    def tensor(about: dict):
        first, end = about["data_offsets"]
        part = bytearray(data[8 + size + first : 8 + size + end])
        return torch.frombuffer(part, dtype=kinds[about["dtype"]]).float()

    return {name: tensor(about) for name, about in header.items() if about["dtype"] in kinds}


def largest_difference(a: pathlib.Path, b: pathlib.Path) -> float:
    one, other = weights_of(a), weights_of(b)
    if one.keys() != other.keys():
        raise Failed("the models have other tensors")
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def train_arguments(machine: Machine, output: str, *more: str) -> list[str]:
    # Batches as small as these give several steps an epoch.
    common = [machine.work / "frames.ndjson"]
    common += [
        "--init",
        HERE / "model",
        "--device",
        machine.device,
        "--epochs",
        "2",
        "--batch-size",
        "4",
        "--frames",
        "2",
    ]
    common += ["--validation", "0", "--test", "0.3", "--wise", "off", "--augment", "0"]
    return [*common, "--output", machine.work / output, *more]


RUN = ("--method", "full", "--ema", "0.9", "--precision", "fp32")


def train(machine: Machine, output: str, *more: str) -> dict:
    done = machine.checked("wo-train", *train_arguments(machine, output, *more))
    epochs = [json.loads(line) for line in done.stdout.splitlines()]
    kinds = {line["type"] for line in epochs}
    if "model" not in kinds or not (machine.work / output / "model.safetensors").is_file():
        raise Failed(f"no model was written: {last_lines(done.stderr)}")
    return {"records": len(epochs)}


def methods(machine: Machine, precision: str, *more: str) -> dict:
    machine.precision_or_skip(precision)
    return train(
        machine,
        f"model-{precision}-{'-'.join(more).replace('-', '')}",
        "--precision",
        precision,
        *more,
    )


def resume(machine: Machine) -> dict:
    """kill -9 at two places; the run ends as one that was never killed."""
    train(machine, "undisturbed", *RUN)
    undisturbed = machine.work / "undisturbed"
    noise = 0.0
    if machine.is_gpu:
        # Sums of a GPU may come in any order: what two undisturbed runs differ by is allowed.
        train(machine, "again", *RUN)
        noise = largest_difference(undisturbed, machine.work / "again")
    snapshots = machine.work / "killed.training" / "seed-0"
    kills = 0
    for step in (2, 4):
        process = machine.start(
            "wo-train", *train_arguments(machine, "killed", *RUN, "--snapshot-every", "0")
        )
        while process.poll() is None:
            steps = [path.name.removeprefix("step-") for path in snapshots.glob("step-*")]
            if any(name.isdigit() and int(name) >= step for name in steps):
                process.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
    if not kills:
        raise Failed("the run had ended before it could be killed")
    train(machine, "killed", *RUN, "--snapshot-every", "0")
    moved = largest_difference(undisturbed, HERE / "model")
    figures = {
        "kills": kills,
        "difference": largest_difference(undisturbed, machine.work / "killed"),
        "of_two_undisturbed": noise,
        "moved": moved,
    }
    if not moved > 0:
        raise Failed("training changed nothing", figures)
    return below(figures, {"difference": 3 * noise})


def verdicts_of(machine: Machine, device: str, precision: str, kernels: str) -> dict:
    model = machine.work / "undisturbed"
    arguments = [
        "--model",
        model,
        "--device",
        device,
        "--precision",
        precision,
        "--allow-seen",
        "--force-verdict",
        "--json",
    ]
    arguments = [machine.work / "frames.ndjson", *arguments]
    done = machine.checked("wo-eval", *arguments, variables={"WO_KERNELS": kernels})
    records = map(json.loads, done.stdout.splitlines())
    return {record["video_id"]: record for record in records if record["type"] == "verdict"}


def judging(machine: Machine, precision: str) -> dict:
    machine.precision_or_skip(precision)
    if not (machine.work / "undisturbed").is_dir():
        train(machine, "undisturbed", *RUN)
    wanted = verdicts_of(machine, "cpu", "fp32", "own")
    # On a CPU the other side multiplies with oneDNN, which sums in another order.
    found = verdicts_of(machine, machine.device, precision, "onednn")
    if not wanted or wanted.keys() != found.keys():
        raise Failed(f"{len(found)} verdicts instead of {len(wanted)}")
    numbers = [
        (it[name], found[video][name])
        for video, it in wanted.items()
        for name in ("probability", "exercise_probability")
    ]
    other = [
        video
        for video, it in wanted.items()
        if any(it[name] != found[video][name] for name in ("label", "exercise"))
    ]
    figures = {
        "videos": len(wanted),
        "other_verdicts": len(other),
        "probabilities": max((abs(a - b) for a, b in numbers), default=0.0),
    }
    # Where 16 bits move a probability over the threshold, the verdict may change.
    most = {"fp32": PROBABILITIES, "tf32": 1e-2, "bf16": 5e-2}[precision]
    return below(
        figures,
        {"other_verdicts": 0 if precision != "bf16" else len(wanted) // 20, "probabilities": most},
    )


# Speed beside eager PyTorch.


def eager_model():
    """A CLIP of the shape of ViT-B/32 as one would write it in PyTorch, with its losses' parts."""
    import torch
    from torch import nn

    class Tower(nn.Module):
        def __init__(self, width: int, heads: int, layers: int):
            super().__init__()
            layer = dict(
                d_model=width,
                nhead=heads,
                dim_feedforward=4 * width,
                dropout=0.0,
                activation="gelu",
                batch_first=True,
                norm_first=True,
            )
            self.blocks = nn.ModuleList(nn.TransformerEncoderLayer(**layer) for _ in range(layers))
            self.norm = nn.LayerNorm(width)
            self.projection = nn.Linear(width, 512, bias=False)

        def forward(self, xs, place: int, mask=None):
            for block in self.blocks:
                xs = block(xs, src_mask=mask)
            return nn.functional.normalize(self.projection(self.norm(xs[:, place])), dim=-1)

    class Eager(nn.Module):
        def __init__(self):
            super().__init__()
            self.patches = nn.Conv2d(3, 768, 32, 32, bias=False)
            self.first = nn.Parameter(torch.zeros(768))
            self.places = nn.Parameter(torch.randn(50, 768) * 0.02)
            self.before = nn.LayerNorm(768)
            self.vision = Tower(768, 12, 12)
            self.words = nn.Embedding(49408, 512)
            self.text_places = nn.Parameter(torch.randn(77, 512) * 0.02)
            self.text = Tower(512, 8, 12)

        def images(self, pixels):
            xs = self.patches(pixels).flatten(2).transpose(1, 2)
            xs = torch.cat([self.first.expand(len(xs), 1, -1), xs], 1) + self.places
            return self.vision(self.before(xs), 0)

        def texts(self, ids):
            n = ids.shape[1]
            mask = nn.Transformer.generate_square_subsequent_mask(n, device=ids.device)
            return self.text(self.words(ids) + self.text_places[:n], -1, mask)

    return Eager()


def open_clip_model():
    import open_clip

    model = open_clip.create_model("ViT-B-32-quickgelu")
    model.images = lambda pixels: model.encode_image(pixels, normalize=True)

    def texts(ids):
        import torch

        return model.encode_text(
            torch.nn.functional.pad(ids, (0, 77 - ids.shape[1])), normalize=True
        )

    model.texts = texts
    return model


def peer(arguments: list[str]) -> None:
    """Frames a second of a PyTorch model; runs in a process of its own."""
    import torch

    name, device, precision, work, frames, seconds = arguments
    n, seconds = int(frames), float(seconds)
    torch.set_float32_matmul_precision("high" if precision == "tf32" else "highest")
    torch.manual_seed(1)
    try:
        model = (eager_model if name == "eager" else open_clip_model)().to(device).train()
        pixels = torch.randn(n, 3, 224, 224, device=device)
        ids = torch.randint(1, 40000, (4, 18), device=device)
        targets = torch.arange(n, device=device) % 4
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, fused=True)
        autocast = torch.autocast(
            torch.device(device).type, torch.bfloat16, enabled=precision == "bf16"
        )

        def judge() -> None:
            with torch.no_grad(), autocast:
                model.images(pixels)

        def step() -> None:
            optimizer.zero_grad()
            with autocast:
                logits = 14.3 * model.images(pixels) @ model.texts(ids).T
            torch.nn.functional.cross_entropy(logits.float(), targets).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()

        one = judge if work == "judging" else step
        wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
        if work == "judging":
            model.eval()
        one()
        wait()
        started, passes = time.perf_counter(), 0
        while time.perf_counter() - started < seconds:
            one()
            wait()
            passes += 1
        answer = {"frames_a_second": passes * n / (time.perf_counter() - started), "passes": passes}
    except torch.OutOfMemoryError as error:
        answer = {"out_of_memory": str(error).splitlines()[0]}
    print(json.dumps(answer))


def has_open_clip() -> bool:
    import importlib.util

    return importlib.util.find_spec("open_clip") is not None


def speed(machine: Machine, work: str, precision: str, frames: int) -> dict:
    machine.precision_or_skip(precision)
    if not machine.is_gpu and frames > machine.options.cpu_frames:
        raise Skipped(f"{NO_GPU}, and takes minutes on a CPU")
    seconds = str(machine.options.seconds)
    ours = machine.device_check(
        "speed",
        machine.device,
        f"work={work}",
        f"precision={precision}",
        f"frames={frames}",
        f"seconds={seconds}",
    )
    figures = {"ours": rate(ours)}
    for name in ("eager", "open_clip") if has_open_clip() else ("eager",):
        command = [
            sys.executable,
            str(HERE / "gpu-check"),
            "--peer",
            name,
            machine.device,
            precision,
            work,
            str(frames),
            seconds,
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=machine.options.timeout
        )
        if done.returncode != 0:
            raise Failed(f"{name} ended with {done.returncode}: {last_lines(done.stderr)}", figures)
        figures[name] = rate(json.loads(done.stdout.splitlines()[-1]))
        if isinstance(figures[name], float) and isinstance(figures["ours"], float):
            figures[f"of_{name}"] = figures["ours"] / figures[name]
    return figures


def rate(answer: dict):
    return answer.get("frames_a_second", "out of memory")


# All of it.


def run_all(machine: Machine, report: Report) -> None:
    run = report.run
    for model in ("tiny", "ViT-B/32"):
        for precision in ("fp32", "tf32", "bf16"):
            run(f"parity {model} {precision}", parity, machine, model, precision)
    run("parity notices a changed weight", notices, machine)
    for precision in ("fp32", "bf16"):
        for model in ("tiny", "ViT-B/32"):
            run(
                f"checkpointing on and off, {model} {precision}",
                checkpointing,
                machine,
                model,
                precision,
            )
        run(f"five steps beside the CPU {precision}", training, machine, precision)
    run("checkpointing with dropout", checkpointing, machine, "tiny", "fp32", "dropout=0.1")
    run("LoRA", lora, machine)
    run("moving average", average, machine)
    run("gradients that are not finite", not_finite, machine)
    run("out of memory: too much", too_much, machine)
    run("out of memory: cuBLAS", cublas, machine)
    run("out of memory: halving", halving, machine)
    run("wo-train kill -9 and resume", resume, machine)
    for precision in ("fp32", "tf32", "bf16"):
        run(f"wo-eval same verdicts {precision}", judging, machine, precision)
        run(f"wo-train LoRA {precision}", methods, machine, precision, "--method", "lora")
        run(
            f"wo-train checkpointing {precision}",
            methods,
            machine,
            precision,
            "--method",
            "full",
            "--checkpoint-blocks",
        )
    for work in ("judging", "training"):
        for precision in ("fp32", "tf32", "bf16"):
            for frames in (8, 64, 256, 1024):
                if frames > 8 or not machine.is_gpu:
                    run(
                        f"frames a second, {work} {precision}, {frames} a pass",
                        speed,
                        machine,
                        work,
                        precision,
                        frames,
                    )


def arguments_of(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="gpu-check", description=__doc__)
    parser.add_argument(
        "--cpu", action="store_true", help="leave the GPU alone and run the CPU half"
    )
    parser.add_argument("--only", default="", help="only checks whose name has this in it")
    parser.add_argument("--device", default="auto", help="auto, cuda or cuda:N")
    parser.add_argument(
        "--output",
        type=pathlib.Path,
        default=pathlib.Path("gpu-check-report"),
        help="folder of the report",
    )
    parser.add_argument(
        "--tolerance", type=float, default=1.0, help="factor of what parity allows; 0 must fail"
    )
    parser.add_argument("--seconds", type=float, default=3.0, help="seconds for each speed")
    parser.add_argument(
        "--cpu-frames", type=int, default=8, help="frames a pass up to which a CPU is timed"
    )
    parser.add_argument(
        "--room",
        type=int,
        default=60,
        help="MiB that the CPU's process may still take to be halved",
    )
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one program")
    return parser.parse_args(argv)


def unpack_frames(work: pathlib.Path) -> None:
    (work / "frames.ndjson").write_bytes(lzma.decompress((HERE / "frames.ndjson.xz").read_bytes()))


def other_python() -> str | None:
    """A Python on this machine that has torch, where this one has none."""
    places = [
        os.environ.get(name, "") + "/bin/python"
        for name in ("VIRTUAL_ENV", "CONDA_PREFIX")
        if os.environ.get(name)
    ]
    places += [path for path in map(shutil.which, ("python3", "python")) if path]
    places += ["/opt/conda/bin/python", "/opt/venv/bin/python", "/usr/local/bin/python3"]
    for path in dict.fromkeys(places):
        if os.access(path, os.X_OK) and path != sys.executable:
            done = subprocess.run([path, "-c", "import torch"], capture_output=True)
            if done.returncode == 0:
                return path
    return None


def main(argv: list[str]) -> int:
    if argv[:1] == ["--peer"]:
        peer(argv[1:])
        return 0
    if argv[:1] == ["--self-check"]:
        return self_check(pathlib.Path(argv[1]))
    options = arguments_of(argv)
    try:
        import torch
    except ImportError:
        other = other_python()
        if other is None:
            return stop(
                f"{sys.executable} has no torch",
                "path/to/python gpu-check runs it with another Python",
            )
        say(f"{sys.executable} has no torch; going on with {other}")
        os.execv(other, [other, str(HERE / "gpu-check"), *argv])
    manifest = read_manifest()
    about = {
        "commit": manifest["commit"],
        "torch": torch.__version__,
        "torch's CUDA": torch.version.cuda,
        "Python": platform.python_version(),
        "system": platform.platform(),
    }
    report = Report(about, options.output, options.only)
    with tempfile.TemporaryDirectory(prefix="gpu-check-") as folder:
        work = pathlib.Path(folder)
        report.run("files", check_files)
        if report.count("fail"):
            return 1
        try:
            machine = Machine(options, work)
        except Failed as failed:
            # Such as a C library that is older than what the binaries need.
            return stop(
                str(failed),
                f"the binaries need glibc {manifest['glibc']} or newer; here is {platform.libc_ver()[1]}",
            )
        about |= {"device": machine.found["device"], "processor": name_of_processor()}
        say(f"device: {about['device']}; torch {torch.__version__}")
        unpack_frames(work)
        run_all(machine, report)
    n_failed = report.count("fail")
    say(
        f"{report.count('pass')} passed, {n_failed} failed, {report.count('skipped')} skipped; {options.output / 'report.md'}"
    )
    return 1 if n_failed else 0


def self_check(folder: pathlib.Path) -> int:
    """Runs one check of each outcome without torch, for the test of this file."""
    report = Report({"device": "none"}, folder)
    if (HERE / "manifest.json").is_file():
        report.run("files", check_files)
    report.run("below", lambda: below({"a|b": 1e-6, "list": [1]}, {"a|b": 1e-5}))
    report.run("over", lambda: below({"a": 2e-5}, {"a": 1e-5}))
    report.run("not a number", lambda: below({"a": float("nan")}, {"a": 1e-5}))
    report.run("no reason", raises, Skipped(NO_GPU))
    report.run("breaks", raises, KeyError("on purpose"))
    return 1 if report.count("fail") else 0


def raises(error: Exception) -> None:
    raise error


def name_of_processor() -> str:
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")),
        "unknown",
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
