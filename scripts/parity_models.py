"""Compares our CLIP at full size with transformers and open_clip. Exits 1 where they differ beyond the limits below.

Random weights, made by each of the two and saved as each saves them; the real vocabulary, which comes with open_clip.
Features are taken of our own pixels and of texts that were tokenized in Python, so that each stage is judged alone:
  features  per row, the length of the difference over the length of the row; rows are of length one
  logits    the largest difference over the largest logit
  pixels    the share that lies within one level of 255
  written   our folder of the model, read by transformers: the worst of the three above, of it beside the first maker
Usage: parity_models.py FEATURES_BINARY WORK_DIR
"""

import gzip
import pathlib
import random
import shutil
import subprocess
import sys
import unicodedata

import numpy
import open_clip
import torch
from clip_tokenizer import tokenizer_of_open_clip
from open_clip.push_to_hf_hub import save_config_for_hf
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import CLIPConfig, CLIPModel, CLIPTextConfig, CLIPVisionConfig
from transformers.models.clip.image_processing_clip import CLIPImageProcessor
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

LIMIT = 1e-4
LEAST_SHARE = 0.999
N_TEXTS = 1000
# As in crates/wo-clip/examples/features.rs.
N_TEXTS_WITH_FEATURES = 32

SIZES = {
    "ViT-B-32": (dict(), dict(patch_size=32), 512),
    "ViT-B-16": (dict(), dict(patch_size=16), 512),
    "ViT-L-14": (
        dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12),
        dict(
            hidden_size=1024,
            intermediate_size=4096,
            num_hidden_layers=24,
            num_attention_heads=16,
            patch_size=14,
        ),
        768,
    ),
}


def texts() -> list[str]:
    """Captions, and lines of many scripts, numbers, marks and lengths, cut at what open_clip's ftfy would change."""
    generator = random.Random(5)
    lines = gzip.open(open_clip.tokenizer.default_bpe()).read().decode().split("\n")
    words = [
        merge.split()[1].removesuffix("</w>") for merge in lines[1:30000] if merge.endswith("</w>")
    ]
    words = [word for word in words if word.isascii() and word.isalpha()]
    scripts = [
        "éàüßñçøåœ",
        "абвгдежзий",
        "αβγδεζ",
        "漢字仮名交",
        "العربية",
        "हिन्दी",
        "한국어",
        "🏋️💪🔥",
        "½²³™€£",
        "ﬁﬂ",
    ]
    exercises = ["squat", "deadlift", "bench press", "Overhead Press", "barbell row"]
    faults = [
        "knees collapsing inward",
        "a rounded back",
        "half depth",
        "elbows flared out",
        "heels off the floor",
    ]
    found = [
        "",
        "squat",
        "SQUAT!!",
        "it's a lifter's back, they'll say",
        "100 kg x 5 reps @ RPE 8.5",
        " a \t b \u3000 c ",
    ]
    found += [f"{e} bad form with {f}" for e in exercises for f in faults]
    while len(found) < N_TEXTS:
        n_words = generator.choice([1, 3, 8, 20, 60, 120])
        parts = []
        for _ in range(n_words):
            kind = generator.random()
            if kind < 0.7:
                word = generator.choice(words)
                parts.append(
                    generator.choice(
                        [word, word.upper(), word.title(), word + generator.choice(".,!?;:-…")]
                    )
                )
            elif kind < 0.8:
                parts.append(str(generator.randrange(10 ** generator.randrange(1, 7))))
            elif kind < 0.9:
                script = generator.choice(scripts)
                parts.append(
                    "".join(generator.choice(script) for _ in range(generator.randrange(1, 6)))
                )
            else:
                parts.append(
                    generator.choice(
                        ["'s", "n't", "&", "#", "@", "(", ")", "/", "--", "_", "~", "%", "+"]
                    )
                )
        line = unicodedata.normalize(
            "NFC", "".join(p + generator.choice([" ", " ", "  ", ""]) for p in parts)
        )
        # ftfy mends broken encodings and HTML; transformers and we do not.
        if open_clip.tokenizer.basic_clean(line) == line.strip():
            found.append(line)
    # One long text among those that get features.
    found[N_TEXTS_WITH_FEATURES - 1] = " ".join(generator.choice(words) for _ in range(120))
    assert all("\n" not in line and "\r" not in line for line in found)
    return found


def pictures(folder: pathlib.Path) -> list[pathlib.Path]:
    """Smooth, noisy and sharp pictures of many sizes, most of them as frames come."""
    folder.mkdir()
    generator = numpy.random.default_rng(3)
    sizes = [
        (1920, 1080),
        (1080, 1920),
        (1280, 720),
        (720, 1280),
        (640, 480),
        (480, 640),
        (512, 288),
        (288, 512),
        (500, 500),
        (224, 224),
        (300, 224),
        (224, 301),
        (225, 225),
        (336, 336),
        (448, 252),
        (1000, 231),
        (231, 1000),
        (160, 120),
        (97, 64),
        (64, 131),
        (1281, 719),
        (853, 480),
        (406, 720),
        (333, 777),
    ]
    paths = []
    for i, (width, height) in enumerate(sizes):
        x, y = numpy.meshgrid(numpy.arange(width), numpy.arange(height))
        waves = [127 + 80 * numpy.sin(x / (5 + 9 * c) + y / (23 - 7 * c) + i + c) for c in range(3)]
        picture = numpy.stack(waves, -1) + generator.integers(-40, 41, (height, width, 3)) * (i % 3)
        for _ in range(12):  # Edges and flat parts, black and white among them.
            left, top = generator.integers(0, width), generator.integers(0, height)
            w, h = generator.integers(1, width // 2 + 2), generator.integers(1, height // 2 + 2)
            picture[top : top + h, left : left + w] = generator.choice(
                [0, 255, 128]
            ) + generator.integers(-9, 9, 3)
        paths.append(folder / f"{i:02}.png")
        Image.fromarray(numpy.clip(picture, 0, 255).astype(numpy.uint8)).save(paths[-1])
    return paths


def perturb(model: torch.nn.Module) -> None:
    """Biases and norms of a fresh model are 0 and 1; a wrong factor would not show."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 0:
                parameter.add_(torch.randn_like(parameter) * 0.02)


def transformers_model(name: str, dtype: torch.dtype, folder: pathlib.Path) -> CLIPModel:
    text, vision, projection = SIZES[name]
    config = CLIPConfig(
        text_config=CLIPTextConfig(projection_dim=projection, **text).to_dict(),
        vision_config=CLIPVisionConfig(projection_dim=projection, **vision).to_dict(),
        projection_dim=projection,
    )
    model = CLIPModel(config).eval()
    perturb(model)
    model.to(dtype).save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)
    return model.float()


def open_clip_model(name: str, dtype: torch.dtype, folder: pathlib.Path) -> torch.nn.Module:
    model = open_clip.create_model(name, pretrained=None).eval()
    perturb(model)
    tensors = {n: t.to(dtype).contiguous() for n, t in model.state_dict().items()}
    save_file(tensors, folder / "open_clip_pytorch_model.safetensors")
    save_config_for_hf(model, folder / "open_clip_config.json", open_clip.get_model_config(name))
    model.load_state_dict({n: t.float() for n, t in tensors.items()})
    return model


def unit(rows: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(rows, dim=-1)


@torch.no_grad()
def features_of(
    model: torch.nn.Module, pixels: torch.Tensor, ids: torch.Tensor
) -> dict[str, torch.Tensor]:
    if isinstance(model, CLIPModel):
        vision = model.vision_model(pixel_values=pixels).pooler_output
        image = unit(model.visual_projection(vision))
        text = unit(model.text_projection(model.text_model(input_ids=ids).pooler_output))
    else:
        image, text = (
            model.encode_image(pixels, normalize=True),
            model.encode_text(ids, normalize=True),
        )
    return {
        "image_features": image,
        "text_features": text,
        "logits": image @ text.T * model.logit_scale.exp(),
    }


def worst(ours: torch.Tensor, theirs: torch.Tensor, what: str) -> float:
    assert ours.shape == theirs.shape, f"{what}: {ours.shape} and {theirs.shape}"
    if what == "logits":
        return ((ours - theirs).abs().max() / theirs.abs().max()).item()
    return ((ours - theirs).norm(dim=-1) / theirs.norm(dim=-1)).max().item()


def share(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    std = torch.tensor(open_clip.OPENAI_DATASET_STD).view(3, 1, 1)
    levels = (ours - theirs).abs() * std * 255
    return (levels <= 1 + 1e-3).float().mean().item()


def cuts_alike(path: pathlib.Path, side: int = 224) -> bool:
    """torchvision rounds half a pixel of margin to the even number, transformers and we cut it off."""
    width, height = Image.open(path).size
    margins = [int(side * s / min(width, height)) - side for s in (width, height)]
    return all(round(margin / 2) == margin // 2 for margin in margins)


def main(binary: str, work: pathlib.Path) -> None:
    paths, lines = pictures(work / "pictures"), texts()
    (work / "texts.txt").write_text("\n".join(lines) + "\n")
    images = [Image.open(path).convert("RGB") for path in paths]
    alike = torch.tensor([cuts_alike(path) for path in paths])
    tokenizer = tokenizer_of_open_clip()
    hugging_face = tokenizer(
        lines, padding=True, truncation=True, max_length=77, return_tensors="pt"
    )["input_ids"]
    simple = open_clip.get_tokenizer("ViT-B-32")(lines)
    pillow = CLIPImageProcessorPil()(images, return_tensors="pt")["pixel_values"]
    fast = CLIPImageProcessor()(images, return_tensors="pt")["pixel_values"]
    transform = open_clip.transform.image_transform(224, is_train=False)
    torchvision = torch.stack([transform(image) for image in images])
    runs = [
        (name, source, torch.float32, "")
        for name in ("ViT-B-32", "ViT-B-16", "ViT-L-14")
        for source in ("transformers", "open_clip")
    ]
    runs += [
        ("ViT-B-32", "transformers", torch.float16, "16-bit floats"),
        ("ViT-B-32-quickgelu", "open_clip", torch.bfloat16, "bfloat16, quick_gelu"),
        ("ViT-B-32", "open_clip", torch.float32, "no configuration"),
    ]
    print(
        "| Model | Made and read by | Image features | Text features | Logits | Written | Pixels within 1/255 | Token ids |"
    )
    print("|---|---|---|---|---|---|---|---|")
    is_good, ours = True, {}
    for name, source, dtype, remark in runs:
        torch.manual_seed(7)
        folder = work / "model"
        folder.mkdir()
        make = transformers_model if source == "transformers" else open_clip_model
        model = make(name, dtype, folder)
        tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
        if remark == "no configuration":
            (folder / "open_clip_config.json").unlink()
        written = work / "written"
        subprocess.run(
            [
                binary,
                folder,
                paths[0].parent,
                work / "texts.txt",
                work / "ours.safetensors",
                written,
            ],
            check=True,
        )
        ours = load_file(work / "ours.safetensors")
        shutil.rmtree(folder)
        ids = (hugging_face if source == "transformers" else simple)[:N_TEXTS_WITH_FEATURES]
        theirs = features_of(model, ours["pixels"], ids)
        del model
        differences = [worst(ours[what], theirs[what], what) for what in theirs]
        again, report = CLIPModel.from_pretrained(written, output_loading_info=True)
        assert not any(
            report[what] for what in ("missing_keys", "unexpected_keys", "mismatched_keys")
        ), report
        padded = hugging_face[:N_TEXTS_WITH_FEATURES]
        from_written = features_of(again.eval(), ours["pixels"], padded)
        del again
        shutil.rmtree(written)
        differences.append(max(worst(from_written[what], theirs[what], what) for what in theirs))
        if source == "transformers":
            within = share(ours["pixels"], pillow)
            n_ids = sum(torch.equal(a, b) for a, b in zip(ours["input_ids"], hugging_face))
        else:
            within = share(ours["pixels"][alike], torchvision[alike])
            # Ours fills up with the end of text, open_clip with zeros; both look no further than the first end.
            filled = simple.clone()
            for row in filled:
                row[row.argmax() + 1 :] = 49407
            n_ids = sum(torch.equal(a, b) for a, b in zip(ours["input_ids"], filled))
        is_good &= max(differences) < LIMIT and within >= LEAST_SHARE and n_ids == len(lines)
        cells = [name, source + (f" ({remark})" if remark else "")] + [
            f"{d:.1e}" for d in differences
        ]
        print(f"| {' | '.join(cells)} | {within:.4%} | {n_ids} of {len(lines)} |", flush=True)
    n_alike, within_fast = int(alike.sum()), share(ours["pixels"], fast)
    is_good &= within_fast >= LEAST_SHARE
    print(
        f"pixels beside open_clip: {n_alike} of {len(paths)} pictures; of the others it cuts the square one pixel further"
    )
    print(
        f"pixels beside transformers' processor on torchvision instead of Pillow: {within_fast:.4%} within 1/255"
    )
    print(
        f"limits: {LIMIT:.0e}, {LEAST_SHARE:.1%}, all token ids: {'held' if is_good else 'NOT held'}"
    )
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
