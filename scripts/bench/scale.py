"""Steps a second by one and by two processes, and what they tell each other.

Arguments: the binary of wo-train, the model (tiny, b32 or all), and the number of rounds. The ways to train take turns, in a new order each
round, so that a shared machine slows all of them alike. Speeds are of the epochs behind the first; beside the time on the
clock stands that of the processors."""

import base64
import io
import json
import os
import pathlib
import random
import resource
import socket
import statistics
import subprocess
import sys
import tempfile

import numpy
from PIL import Image

BINARY = pathlib.Path(sys.argv[1]).resolve()
N_ROUNDS = int(sys.argv[3])
N_VIDEOS, FRAMES = 32, 4
# One process of one thread and of two, and two processes of one thread.
WAYS = {
    "1 process, 1 thread": (1, 1),
    "1 process, 2 threads": (1, 2),
    "2 processes, 1 thread": (2, 1),
}
# Of one direction, in bytes a second: NVLink of 8 H100s in one machine, and networks between machines.
LINKS = {
    "8 GPUs, NVLink (450 GB/s)": 450e9,
    "8 nodes, 400 Gbit/s": 50e9,
    "8 nodes, 100 Gbit/s": 12.5e9,
}
# Bytes that each of n processes sends for a sum of one byte, in a ring.
RING = 2 * (8 - 1) / 8


def frame(number: int, label: str) -> str:
    """A JPEG of noise, redder where the form is good."""
    noise = numpy.random.default_rng(number).integers(0, 120, (224, 224, 3), dtype=numpy.uint8)
    noise[..., 0 if label == "good_form" else 2] += 100
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()


def records() -> str:
    lines = [
        {
            "type": "begin",
            "tool": "bench",
            "version": "0",
            "schema": "wo-record",
            "schema_version": 1,
        }
    ]
    for number in range(N_VIDEOS):
        label = ("good_form", "bad_form")[number % 2]
        video = f"v{number}"
        lines.append(
            {
                "type": "video",
                "video_id": video,
                "path": f"{video}.mp4",
                "person_id": f"p{number // 2}",
                "duration_ms": 4e3,
            }
        )
        for index in range(FRAMES):
            image = {"inline": {"jpeg_base64": frame(number * FRAMES + index, label)}}
            text = (
                "squat with knees over the toes"
                if label == "good_form"
                else "squat with knees collapsing inward"
            )
            lines.append(
                {
                    "type": "frame",
                    "video_id": video,
                    "index": index,
                    "exercise": "squat",
                    "label": label,
                    "image": image,
                    "description": text,
                }
            )
    lines.append(
        {"type": "end", "n_videos": N_VIDEOS, "n_frames": N_VIDEOS * FRAMES, "n_errors": 0}
    )
    return "".join(json.dumps(line) + "\n" for line in lines)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def train(folder: pathlib.Path, way: tuple, flags: list) -> dict:
    """One run: medians over its epochs but the first, and seconds of processor time."""
    world, threads = way
    command = [
        BINARY,
        folder / "records.ndjson",
        *flags,
        f"-j{threads}",
        "--output",
        folder / "model",
        "-q",
    ]
    command += [
        "--resume",
        "never",
        "--validation",
        "0",
        "--test",
        "0",
        "--wise",
        "off",
        "--precision",
        "fp32",
    ]
    port = str(free_port())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    processes = []
    for rank in range(world):
        env = dict(os.environ)
        if world > 1:
            env |= {
                "RANK": str(rank),
                "WORLD_SIZE": str(world),
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": port,
            }
        processes.append(
            subprocess.Popen(
                command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
            )
        )
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        sys.exit("bench: wo-train failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    found = [json.loads(line) for line in outputs[0].splitlines()]
    metrics = [record["values"] for record in found if record["type"] == "metric"][1:]
    median = {key: statistics.median(it.get(key, 0.0) for it in metrics) for key in metrics[0]}
    median["cpu"] = after.ru_utime - before.ru_utime
    return median


def measure(name: str, folder: pathlib.Path, flags: list, batch: int) -> float:
    """Prints the table of a model. Returns the bytes of a step."""
    runs = {way: [] for way in WAYS}
    for _ in range(N_ROUNDS):
        for way in random.sample(list(WAYS), len(WAYS)):
            runs[way].append(train(folder, WAYS[way], flags))
    print(f"\n{name}, {batch} videos of {FRAMES} frames a step, {N_ROUNDS} rounds")
    print(
        "| | steps a second | beside 1 process of 2 threads | processor time | communication | bytes a step |"
    )
    print("|---|---|---|---|---|---|")
    whole = runs["1 process, 2 threads"]
    for way, of_way in runs.items():
        median = {
            key: statistics.median(run[key] for run in of_way)
            for key in ("images_per_second", "cpu")
        }
        speeds = [
            run["images_per_second"] / other["images_per_second"]
            for run, other in zip(of_way, whole, strict=True)
        ]
        share = statistics.median(run.get("communication_share", 0.0) for run in of_way)
        n_bytes = statistics.median(run.get("communication_bytes_a_step", 0.0) for run in of_way)
        steps = median["images_per_second"] / (batch * FRAMES)
        print(
            f"| {way} | {steps:.3g} | {statistics.median(speeds):.2f} [{min(speeds):.2f}, {max(speeds):.2f}] "
            f"| {median['cpu']:.1f} s | {share:.1%} | {n_bytes / 1e6:.1f} MB |"
        )
    return statistics.median(
        run.get("communication_bytes_a_step", 0.0) for run in runs["2 processes, 1 thread"]
    )


def on_paper(n_bytes: float) -> None:
    """What these bytes take elsewhere, if nothing is sent while something is computed."""
    print("\nComputed, not measured: a ring of 8 over these links, of which 80 % are reached")
    for link, bandwidth in LINKS.items():
        print(f"{link}: {1e3 * RING * n_bytes / (0.8 * bandwidth):.2f} ms a step")


def vit_b32(folder: pathlib.Path) -> pathlib.Path:
    """A random CLIP of full size with the tokenizer of the small one."""
    from transformers import CLIPConfig, CLIPModel

    place = folder / "b32"
    tiny = pathlib.Path(__file__).parents[2] / "models/tiny"
    config = CLIPConfig()
    config.text_config.vocab_size = json.loads((tiny / "config.json").read_text())["text_config"][
        "vocab_size"
    ]
    config.text_config.eos_token_id = config.text_config.vocab_size - 1
    CLIPModel(config).save_pretrained(place)
    (place / "tokenizer.json").write_bytes((tiny / "tokenizer.json").read_bytes())
    settings = json.loads((tiny / "preprocessor_config.json").read_text())
    side = config.vision_config.image_size
    for key in ("size", "crop_size"):
        settings[key] = (
            dict.fromkeys(settings[key], side) if isinstance(settings[key], dict) else side
        )
    (place / "preprocessor_config.json").write_text(json.dumps(settings))
    return place


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    (folder / "records.ndjson").write_text(records())
    common = ["--method", "full", "--frames", str(FRAMES), "--self-check", "off"]
    if sys.argv[2] in ("tiny", "all"):
        measure(
            "The model inside wo-train",
            folder,
            ["--init", "tiny", *common, "--epochs", "6", "--batch-size", "16"],
            16,
        )
    if sys.argv[2] in ("b32", "all"):
        base = ["--init", str(vit_b32(folder)), *common, "--epochs", "2", "--batch-size", "8"]
        on_paper(measure("A random ViT-B/32", folder, base, 8))
