"""Trains small models of each family with wo-train and reads what it writes with the library that made them.

Random weights, made by transformers (SigLIP, SigLIP 2) and by open_clip (PE-Core, MobileCLIP; small text towers). Exits 1
where something differs beyond the limits:
  logits     of the written folder, ours beside those of the library: the largest difference over the largest logit
  moved      how far training moved the weights; 0 would say that nothing was trained
  averaged   `--wise 0.5` beside the middle of the base model and of the same run with `--wise off`
  resumed    whether a run that was killed ends with the same bytes
  judged     how many videos wo-eval judges with it
Then the commands that refusals print are run as they are printed, and the result is read.
Usage: parity_training.py FOLDER_OF_BINARIES FEATURES_BINARY WORK_DIR [FAMILY...]
"""

import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import time

import open_clip
import torch
from clip_tokenizer import tokenizer_of_open_clip
from parity_towers import features_of, perturb, pictures, worst
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModel,
    AutoTokenizer,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
)

LIMIT = 1e-4
FIXTURES = pathlib.Path(__file__).parent.parent / "crates/wo-clip/tests/fixtures"
TEXTS = ["squat bad form with knees collapsing inward", "deadlift good form", "squat", "a b c"]
# Of open_clip: its list's name of the vision tower and its weights. The text towers are made small.
OPEN_CLIP = {"PE-Core": ("PE-Core-T-16-384", "meta"), "MobileCLIP": ("MobileCLIP2-S0", "dfndr2b")}
WAYS = {
    "full": ["--method", "full", "--wise", "off"],
    "wise": ["--method", "full", "--wise", "0.5"],
    "lora": ["--method", "lora", "--lora-rank", "2", "--wise", "off"],
}


def siglip(name: str, folder: pathlib.Path) -> None:
    shutil.copytree(FIXTURES / name, folder, ignore=shutil.ignore_patterns("golden*"))


def of_open_clip(name: str, folder: pathlib.Path) -> None:
    full_name, tag = OPEN_CLIP[name]
    config = open_clip.get_model_config(full_name)
    config["text_cfg"] |= {"width": 32, "heads": 2, "layers": 2}
    known = open_clip.get_pretrained_cfg(full_name, tag)
    fields = ("mean", "std", "interpolation", "resize_mode")
    folder.mkdir()
    whole = {"model_cfg": config, "preprocess_cfg": {field: known[field] for field in fields}}
    (folder / "open_clip_config.json").write_text(json.dumps(whole, indent=2))
    torch.manual_seed(7)
    # Without weights yet: open_clip reads the configuration of the folder.
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False).eval()
    perturb(model)
    tensors = {n: t.contiguous() for n, t in model.state_dict().items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    tokenizer_of_open_clip().backend_tokenizer.save(str(folder / "tokenizer.json"))


FAMILIES = {"siglip": siglip, "siglip2": siglip} | dict.fromkeys(OPEN_CLIP, of_open_clip)


class Bench:
    """The binaries, and the described frames that all runs train on."""

    def __init__(self, binaries: pathlib.Path, features: pathlib.Path, work: pathlib.Path):
        self.binaries, self.features, self.work = binaries, features, work
        self.images = pictures(work / "training-pictures")
        self.texts = work / "training-texts.txt"
        self.texts.write_text("\n".join(TEXTS) + "\n")
        os.environ["XDG_CACHE_HOME"] = str(work / "cache")
        frames = work / "training-frames"
        options = ["--videos-per-class", "2", "--exercises", "squat", "--stills", "2"]
        self.run("wo-synth", "--out", frames, "--persons", "2", *options, "--quiet")
        # Paths of frames are relative to the folder of the records.
        self.records = frames / "described.ndjson"
        self.run("wo-describe", frames / "records.ndjson", "-o", self.records)

    def run(self, tool: str, *args, status: int = 0) -> subprocess.CompletedProcess:
        command = [self.binaries / tool, *args]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != status:
            sys.exit(f"{shlex.join(map(str, command))}: exit {done.returncode}\n{done.stderr}")
        return done

    def train_command(self, base: pathlib.Path, output: pathlib.Path, way: list[str]) -> list:
        flags = ["--batch-size", "2", "--frames", "2", "--validation", "0", "-j1"]
        flags += ["--test", "0", "--ema", "off", "--precision", "fp32", "--lr", "1e-3"]
        if "--epochs" not in way:
            flags += ["--epochs", "2"]
        return ["--init", base, *flags, "--output", output, *way, self.records]

    def read(self, folder: pathlib.Path) -> dict[str, torch.Tensor]:
        """What we make of a model."""
        output, written = self.work / "training.safetensors", self.work / "training-written"
        subprocess.run(
            [self.features, folder, self.images, self.texts, output, written], check=True
        )
        shutil.rmtree(written)
        return load_file(output)


def weights_of(folder: pathlib.Path) -> dict[str, torch.Tensor]:
    files = sorted(folder.glob("*.safetensors"))
    assert len(files) == 1, files
    return load_file(files[0])


@torch.no_grad()
def logits_of(folder: pathlib.Path, pixels: torch.Tensor) -> torch.Tensor:
    """What the library makes of our pixels and of the texts."""
    if (folder / "open_clip_config.json").exists():
        model = open_clip.create_model(f"local-dir:{folder}").eval()
        ids = open_clip.get_tokenizer(f"local-dir:{folder}")(TEXTS)
        return features_of(model, pixels, ids)["logits"]
    model, report = AutoModel.from_pretrained(folder, output_loading_info=True)
    wrong = [
        what for what in ("missing_keys", "unexpected_keys", "mismatched_keys") if report[what]
    ]
    assert not wrong, report
    tokenizer = AutoTokenizer.from_pretrained(folder)
    length = model.config.text_config.max_position_embeddings
    padding = "max_length" if model.config.model_type == "siglip" else True
    ids = tokenizer(
        [text.lower() for text in TEXTS],
        padding=padding,
        truncation=True,
        max_length=length,
        return_tensors="pt",
    )["input_ids"]
    return model.eval()(input_ids=ids, pixel_values=pixels).logits_per_image


def largest(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> float:
    assert a.keys() == b.keys(), a.keys() ^ b.keys()
    return max((a[name].float() - b[name].float()).abs().max().item() for name in a)


def is_resumed(bench: Bench, base: pathlib.Path) -> bool:
    """Kills a run after its first snapshots, and compares what the same command then writes with an undisturbed run."""
    output, undisturbed = bench.work / "training-killed", bench.work / "training-undisturbed"
    # Long enough to be killed in the middle.
    n_epochs = "10" if (base / "open_clip_config.json").exists() else "100"
    way = [*WAYS["full"], "--epochs", n_epochs, "--snapshot-every", "0"]
    bench.run("wo-train", *bench.train_command(base, undisturbed, way))
    command = [bench.binaries / "wo-train", *bench.train_command(base, output, way)]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    snapshots = output.with_name(output.name + ".training") / "seed-0"
    while child.poll() is None and not list(snapshots.glob("step-*[1-9]*")):
        time.sleep(0.001)
    assert child.poll() is None, "the run ended before it could be killed"
    child.kill()
    child.wait()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "resuming at step" in done.stderr, done.stderr
    same = [
        path.read_bytes() == (output / path.name).read_bytes()
        for path in undisturbed.glob("*.safetensors")
    ]
    shutil.rmtree(output)
    shutil.rmtree(undisturbed)
    return bool(same) and all(same)


def train(bench: Bench, name: str) -> bool:
    base = bench.work / "training-base"
    FAMILIES[name](name, base)
    start, end, is_good = weights_of(base), {}, True
    for way, flags in WAYS.items():
        output = bench.work / f"training-{way}"
        bench.run("wo-train", *bench.train_command(base, output, flags))
        ours = bench.read(output)
        theirs = logits_of(output, ours["pixels"])
        difference = worst(ours["logits"], theirs, "logits")
        # Batch norms count their steps; nothing else may appear or go.
        end[way] = weights_of(output)
        common = end[way].keys() & start.keys()
        moved = largest({n: start[n] for n in common}, {n: end[way][n] for n in common})
        cells = [f"{difference:.1e}", f"{moved:.1e}"]
        is_good &= difference < LIMIT and moved > 1e-5
        if way == "wise":
            middle = {n: (start[n].float() + end["full"][n].float()) / 2 for n in common}
            averaged = largest(middle, {n: end[way][n] for n in common})
            is_good &= averaged < 1e-6
            cells.append(f"{averaged:.1e}")
        else:
            cells.append("")
        if way == "full":
            resumed = is_resumed(bench, base)
            is_good &= resumed
            cells.append("equal" if resumed else "NOT equal")
        else:
            cells.append("")
        judged = bench.run("wo-eval", "--model", output, bench.records, "--json", "--allow-seen")
        lines = [json.loads(line) for line in judged.stdout.splitlines()]
        n_judged = len({line["video_id"] for line in lines if line["type"] == "verdict"})
        is_good &= n_judged > 0
        print(f"| {name} | {way} | {' | '.join(cells)} | {n_judged} |", flush=True)
    for way in WAYS:
        shutil.rmtree(bench.work / f"training-{way}")
    shutil.rmtree(base)
    return is_good


def clip(folder: pathlib.Path) -> None:
    """A small CLIP as transformers writes it, with weights that are a pickle."""
    sizes = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2)
    tokenizer = FIXTURES / "tokenizer.json"
    n_tokens = len(json.loads(tokenizer.read_text())["model"]["vocab"])
    text = CLIPTextConfig(
        vocab_size=n_tokens, max_position_embeddings=20, eos_token_id=n_tokens - 1, **sizes
    )
    vision = CLIPVisionConfig(image_size=24, patch_size=8, **sizes)
    config = CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=12
    )
    torch.manual_seed(3)
    model = CLIPModel(config)
    model.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    CLIPImageProcessor(size={"shortest_edge": 24}, crop_size=24).save_pretrained(folder)
    shutil.copy(tokenizer, folder)


def siglip_pickle(folder: pathlib.Path) -> None:
    siglip("siglip", folder)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def open_clip_pickle(folder: pathlib.Path) -> None:
    shutil.copytree(FIXTURES / "open_clip", folder, ignore=shutil.ignore_patterns("golden*"))
    shutil.copy(FIXTURES / "tokenizer.json", folder)
    weights = load_file(folder / "open_clip_pytorch_model.safetensors")
    torch.save(weights, folder / "open_clip_pytorch_model.bin")
    (folder / "open_clip_pytorch_model.safetensors").unlink()


PICKLES = {"CLIP": clip, "SigLIP": siglip_pickle, "open_clip": open_clip_pickle}


def convert(bench: Bench, name: str) -> bool:
    """Runs the command that the refusal of a pickle prints, in the folder, and reads the result."""
    folder = bench.work / f"pickle of {name}'s"
    PICKLES[name](folder)
    refused = bench.run("wo-train", *bench.train_command(folder, bench.work / "no", []), status=6)
    command = re.search(r"python3 -c .*", refused.stderr)
    if command is None:
        print(f"{name}: no command in\n{refused.stderr}")
        return False
    line = command[0].replace("python3", shlex.quote(sys.executable), 1)
    done = subprocess.run(line, shell=True, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{name}: {line}\n{done.stderr}")
        return False
    ours = bench.read(folder)
    is_good = bool(ours["logits"].isfinite().all())
    shutil.rmtree(folder)
    print(f"{name}: the printed command was run, and the model is read: {is_good}")
    return is_good


def main(binaries: str, features: str, work: str, names: list[str]) -> None:
    bench = Bench(*map(pathlib.Path, (binaries, features, work)))
    print("| Model | Way | Logits | Moved | Averaged | Resumed | Judged |")
    print("|---|---|---|---|---|---|---|")
    results = [train(bench, name) for name in names or FAMILIES]
    if not names:
        results += [convert(bench, name) for name in PICKLES]
    print(f"limit: {LIMIT:.0e}: {'held' if all(results) else 'NOT held'}")
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:4], sys.argv[4:])
