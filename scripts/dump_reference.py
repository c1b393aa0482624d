"""Makes the golden numbers of crates/wo-clip/tests/fixtures with Python transformers and open_clip.

Two small random CLIPs (one per activation), a tokenizer, pictures and texts, and what transformers makes of them:
features, logits, the loss and all gradients. The same of two small SigLIPs, each with a tokenizer of its kind and the
ids of hard texts. And a small CLIP of open_clip, in 16-bit floats and with its names, with its features and logits.
`scripts/just golden` runs this in a virtual environment.
"""

import json
import pathlib
import sys
import tempfile

import numpy
import open_clip
import siglip_tokenizers
import torch
import transformers
from dump_folders import dump as dump_folders
from dump_preprocessing import dump as dump_preprocessing
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    CLIPConfig,
    CLIPModel,
    CLIPTextConfig,
    CLIPVisionConfig,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
)
from transformers.models.clip.image_processing_clip import CLIPImageProcessor

try:  # transformers 5 keeps the Pillow processor under its own name.
    from transformers.models.clip.image_processing_pil_clip import (
        CLIPImageProcessorPil as PillowProcessor,
    )
except ImportError:
    PillowProcessor = CLIPImageProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

TEXTS = [
    "squat bad form with knees collapsing inward",
    "deadlift good form with a flat back and the bar close to the legs",
    "Overhead Press!  l'épaule, 3 reps",
    "",
]


def model_of(activation: str, eos_token_id: int, vocabulary_size: int) -> CLIPModel:
    torch.manual_seed(7)
    config = CLIPConfig(
        text_config=CLIPTextConfig(
            vocab_size=vocabulary_size,
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=20,
            hidden_act=activation,
            eos_token_id=eos_token_id,
            bos_token_id=vocabulary_size - 2,
            pad_token_id=vocabulary_size - 1,
            projection_dim=12,
        ).to_dict(),
        vision_config=CLIPVisionConfig(
            hidden_size=20,
            intermediate_size=28,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=24,
            patch_size=8,
            hidden_act=activation,
            projection_dim=12,
        ).to_dict(),
        projection_dim=12,
    )
    model = CLIPModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            # Larger than a fresh model's, so that a wrong factor anywhere shows; biases too.
            if parameter.dim() > 0:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    return model


def open_clip_golden(
    folder: pathlib.Path, pixels: torch.Tensor, ids: torch.Tensor, vocabulary_size: int
) -> None:
    torch.manual_seed(11)
    config = {
        "embed_dim": 12,
        "quick_gelu": True,
        "vision_cfg": {
            "image_size": 24,
            "layers": 2,
            "width": 16,
            "patch_size": 8,
            "head_width": 8,
            "mlp_ratio": 1.5,
        },
        "text_cfg": {
            "context_length": 20,
            "vocab_size": vocabulary_size,
            "width": 16,
            "heads": 2,
            "layers": 2,
            "mlp_ratio": 1.5,
        },
    }
    model = open_clip.CLIP(**config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 0:
                parameter.add_(torch.randn_like(parameter) * 0.2)
            parameter.copy_(parameter.half())
        # open_clip wants texts at full length, filled with zeros.
        padded = torch.zeros(len(ids), 20, dtype=torch.long)
        padded[:, : ids.shape[1]] = ids
        image, text = (
            model.encode_image(pixels, normalize=True),
            model.encode_text(padded, normalize=True),
        )
        golden = {
            "image_features": image,
            "text_features": text,
            "logits": image @ text.T * model.logit_scale.exp(),
        }
    folder.mkdir(exist_ok=True)
    weights = {n: t.half().contiguous() for n, t in model.state_dict().items()}
    save_file(weights, folder / "open_clip_pytorch_model.safetensors")
    save_file({n: t.contiguous() for n, t in golden.items()}, folder / "golden.safetensors")
    preprocess = {
        "mean": open_clip.OPENAI_DATASET_MEAN,
        "std": open_clip.OPENAI_DATASET_STD,
        "interpolation": "bicubic",
        "resize_mode": "shortest",
    }
    text = json.dumps({"model_cfg": config, "preprocess_cfg": preprocess}, indent=2)
    (folder / "open_clip_config.json").write_text(text + "\n")


def siglip_golden(folder: pathlib.Path, images: list[Image.Image]) -> None:
    """`siglip` has a text tower of another width, a Unigram tokenizer and bicubic pixels; `siglip2` what SigLIP 2 has."""
    torch.manual_seed(13)
    folder.mkdir(exist_ok=True)
    is_first = folder.name == "siglip"
    texts = TEXTS + siglip_tokenizers.HARD_TEXTS
    with tempfile.TemporaryDirectory() as work:
        if is_first:
            reference, ours = siglip_tokenizers.siglip(texts, pathlib.Path(work), 300)
        else:
            reference, ours = siglip_tokenizers.gemma(texts, 500)
        (folder / "tokenizer.json").write_text(
            json.dumps(json.loads(ours.to_str()), ensure_ascii=False) + "\n"
        )
        ids = siglip_tokenizers.ids(reference, TEXTS, 20)
        hard_ids = siglip_tokenizers.ids(reference, siglip_tokenizers.HARD_TEXTS)
    (folder / "texts.json").write_text(json.dumps(siglip_tokenizers.HARD_TEXTS) + "\n")
    processor = SiglipImageProcessorPil(
        size={"height": 24, "width": 24}, resample=3 if is_first else 2
    )
    processor.save_pretrained(folder)
    pixels = processor(images, return_tensors="pt")["pixel_values"]
    of_both = dict(num_hidden_layers=2, num_attention_heads=2)
    config = SiglipConfig(
        text_config=dict(
            vocab_size=ours.get_vocab_size(),
            hidden_size=16 if is_first else 20,
            projection_size=20,
            intermediate_size=24,
            max_position_embeddings=20,
            **of_both,
        ),
        vision_config=dict(
            hidden_size=20, intermediate_size=28, image_size=24, patch_size=8, **of_both
        ),
    )
    model = SiglipModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
        model.logit_scale.fill_(1.7)
        model.logit_bias.fill_(-2.5)
    model.save_pretrained(folder)
    output = model(input_ids=ids, pixel_values=pixels)
    # The loss wants as many texts as images.
    loss = model(input_ids=ids[: len(images)], pixel_values=pixels, return_loss=True).loss
    loss.backward()
    golden = {
        "pixels": pixels,
        "ids": ids,
        "hard_ids": hard_ids,
        "image_features": output.image_embeds,
        "text_features": output.text_embeds,
        "logits": output.logits_per_image,
        "loss": loss.reshape(1),
    }
    golden |= {f"grad.{n}": p.grad for n, p in model.named_parameters()}
    save_file(
        {n: t.detach().contiguous() for n, t in golden.items()}, folder / "golden.safetensors"
    )


def pictures() -> list[numpy.ndarray]:
    generator = numpy.random.default_rng(3)
    sizes = [(40, 31), (24, 24), (29, 50)]
    found = []
    for width, height in sizes:
        x, y = numpy.meshgrid(numpy.arange(width), numpy.arange(height))
        waves = [127 + 90 * numpy.sin(x / (3 + c) + y / (5 - c) + c) for c in range(3)]
        noise = generator.integers(-30, 30, (height, width, 3))
        found.append(numpy.clip(numpy.stack(waves, -1) + noise, 0, 255).astype(numpy.uint8))
    return found


def main(target: pathlib.Path) -> None:
    tokenizer_file = target / "tokenizer.json"
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(tokenizer_file), pad_token="<|endoftext|>", eos_token="<|endoftext|>"
    )
    tokens = tokenizer(TEXTS, padding=True, truncation=True, max_length=20, return_tensors="pt")
    processor = PillowProcessor(size={"shortest_edge": 24}, crop_size={"height": 24, "width": 24})
    images = pictures()
    pixels = processor([Image.fromarray(image) for image in images], return_tensors="pt")[
        "pixel_values"
    ]
    for index, image in enumerate(images):
        Image.fromarray(image).save(target / f"picture{index}.png")
    vocabulary_size = len(tokenizer)
    for name, activation, eos in [
        ("quick_gelu", "quick_gelu", vocabulary_size - 1),
        ("gelu", "gelu", 2),
    ]:
        model = model_of(activation, eos, vocabulary_size)
        folder = target / name
        folder.mkdir(exist_ok=True)
        model.save_pretrained(folder)
        output = model(input_ids=tokens["input_ids"], pixel_values=pixels, attention_mask=None)
        # Any smooth function of all logits serves to compare gradients.
        loss = torch.nn.functional.cross_entropy(output.logits_per_image, torch.tensor([0, 1, 2]))
        loss.backward()
        golden = {
            "pixels": pixels,
            "ids": tokens["input_ids"],
            "image_features": output.image_embeds,
            "text_features": output.text_embeds,
            "logits": output.logits_per_image,
            "loss": loss.reshape(1),
        }
        golden |= {f"grad.{n}": p.grad for n, p in model.named_parameters()}
        save_file(
            {n: t.detach().contiguous() for n, t in golden.items()}, folder / "golden.safetensors"
        )
    dump_preprocessing(target, target / "preprocessing")
    dump_folders(target)
    open_clip_golden(target / "open_clip", pixels, tokens["input_ids"], vocabulary_size)
    for name in ("siglip", "siglip2"):
        siglip_golden(target / name, [Image.fromarray(image) for image in images])
    versions = {
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "open_clip": open_clip.__version__,
        "texts": TEXTS,
    }
    (target / "versions.json").write_text(json.dumps(versions, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
