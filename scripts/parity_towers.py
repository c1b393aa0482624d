"""Compares PE-Core and MobileCLIP at full size with open_clip. Exits 1 where they differ beyond the limit below.

Random weights and statistics, made by open_clip and saved as its repositories on the Hub are; preprocessing as they say
it. Features are taken of our own pixels:
  features  per row, the length of the difference over the length of the row; rows are of length one
  logits    the largest difference over the largest logit
  written   our folder of the model, read by open_clip with `local-dir:`: the worst of the three above
Usage: parity_towers.py FEATURES_BINARY WORK_DIR [MODEL...]
"""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy
import open_clip
import torch
from clip_tokenizer import tokenizer_of_open_clip
from PIL import Image
from safetensors.torch import load_file, save_file

LIMIT = 1e-4
# Of each, the weights of open_clip's list whose preprocessing counts.
MODELS = {
    "PE-Core-B-16": "meta",
    "MobileCLIP-S1": "datacompdr",
    "MobileCLIP2-S0": "dfndr2b",
    "MobileCLIP-B": "datacompdr",
    "MobileCLIP2-S3": "dfndr2b",
    "MobileCLIP2-L-14": "dfndr2b",
    "PE-Core-L-14-336": "meta",
}
TEXTS = ["squat bad form with knees collapsing inward", "deadlift good form", "", "a " * 90]


def perturb(model: torch.nn.Module) -> None:
    """Biases, scales and statistics of a fresh model are 0, 1 or tiny; a wrong factor would not show."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("gamma"):
                parameter.copy_(torch.rand_like(parameter))
            elif parameter.dim() > 0:
                parameter.add_(torch.randn_like(parameter) * 0.02)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(torch.randn_like(buffer) * 0.1)
            if name.endswith("running_var"):
                buffer.copy_(torch.rand_like(buffer) + 0.5)


def pictures(folder: pathlib.Path) -> pathlib.Path:
    folder.mkdir(exist_ok=True)
    generator = numpy.random.default_rng(3)
    for i, (width, height) in enumerate([(640, 360), (360, 640), (256, 256), (301, 517)]):
        x, y = numpy.meshgrid(numpy.arange(width), numpy.arange(height))
        waves = [127 + 80 * numpy.sin(x / (5 + 9 * c) + y / (23 - 7 * c) + i + c) for c in range(3)]
        picture = numpy.stack(waves, -1) + generator.integers(-40, 41, (height, width, 3))
        Image.fromarray(numpy.clip(picture, 0, 255).astype(numpy.uint8)).save(folder / f"{i}.png")
    return folder


def save(name: str, model: torch.nn.Module, folder: pathlib.Path) -> None:
    folder.mkdir()
    known = open_clip.get_pretrained_cfg(name, MODELS[name])
    fields = ("mean", "std", "interpolation", "resize_mode")
    config = {
        "model_cfg": open_clip.get_model_config(name),
        "preprocess_cfg": {field: known[field] for field in fields},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config, indent=2))
    tensors = {n: t.contiguous() for n, t in model.state_dict().items()}
    save_file(tensors, folder / "open_clip_model.safetensors")
    tokenizer_of_open_clip().backend_tokenizer.save(str(folder / "tokenizer.json"))


@torch.no_grad()
def features_of(
    model: torch.nn.Module, pixels: torch.Tensor, ids: torch.Tensor
) -> dict[str, torch.Tensor]:
    image = model.encode_image(pixels, normalize=True)
    text = model.encode_text(ids, normalize=True)
    logits = image @ text.T * model.logit_scale.exp()
    return {"image_features": image, "text_features": text, "logits": logits}


def worst(ours: torch.Tensor, theirs: torch.Tensor, what: str) -> float:
    assert ours.shape == theirs.shape, f"{what}: {ours.shape} and {theirs.shape}"
    if what == "logits":
        return ((ours - theirs).abs().max() / theirs.abs().max()).item()
    return ((ours - theirs).norm(dim=-1) / theirs.norm(dim=-1)).max().item()


def main(binary: str, work: pathlib.Path, names: list[str]) -> None:
    folder, written, output = work / "tower", work / "tower-written", work / "tower.safetensors"
    images = pictures(work / "tower-pictures")
    (work / "tower-texts.txt").write_text("\n".join(TEXTS) + "\n")
    is_good = True
    print("| Model | Image features | Text features | Logits | Written | Pixels within 1/255 |")
    print("|---|---|---|---|---|---|")
    for name in names or MODELS:
        torch.manual_seed(7)
        model = open_clip.create_model(name, pretrained=None).eval()
        perturb(model)
        save(name, model, folder)
        texts = work / "tower-texts.txt"
        subprocess.run([binary, folder, images, texts, output, written], check=True)
        ours = load_file(output)
        ids = open_clip.get_tokenizer(f"local-dir:{folder}")(TEXTS)
        theirs = features_of(model, ours["pixels"], ids)
        del model
        differences = [worst(ours[what], theirs[what], what) for what in theirs]
        again, preprocess = open_clip.create_model_from_pretrained(f"local-dir:{written}")
        from_written = features_of(again.eval(), ours["pixels"], ids)
        del again
        differences.append(max(worst(from_written[what], theirs[what], what) for what in theirs))
        pixels = torch.stack(
            [preprocess(Image.open(path).convert("RGB")) for path in sorted(images.iterdir())]
        )
        std = torch.tensor(open_clip.get_pretrained_cfg(name, MODELS[name])["std"]).view(3, 1, 1)
        levels = (ours["pixels"] - pixels).abs() * std * 255
        share = (levels <= 1 + 1e-3).float().mean().item()
        shutil.rmtree(folder)
        shutil.rmtree(written)
        is_good &= max(differences) < LIMIT
        cells = " | ".join(f"{difference:.1e}" for difference in differences)
        print(f"| {name} | {cells} | {share:.4%} |", flush=True)
    print(f"limit: {LIMIT:.0e}: {'held' if is_good else 'NOT held'}")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:])
