"""Compares a trained model in Python transformers with the verdicts of wo-eval. Exits 1 where they differ."""

import collections
import json
import pathlib
import sys

import torch
from PIL import Image
from transformers import AutoTokenizer, CLIPModel

try:  # transformers 5 keeps the Pillow processor under its own name.
    from transformers.models.clip.image_processing_pil_clip import (
        CLIPImageProcessorPil as CLIPImageProcessor,
    )
except ImportError:
    from transformers.models.clip.image_processing_clip import CLIPImageProcessor

# Resizing may differ by one level of 255 in a few pixels.
TOLERANCE = 5e-3

model_dir, pt_file, frames_dir, verdicts_file = map(pathlib.Path, sys.argv[1:])
model, report = CLIPModel.from_pretrained(model_dir, output_loading_info=True)
for what in ("missing_keys", "unexpected_keys", "mismatched_keys"):
    assert not report[what], f"{what}: {report[what]}"
model.eval()
print(f"from_pretrained: {len(model.state_dict())} tensors, no key missing, none unexpected")

saved = torch.load(pt_file, weights_only=True)
ours = CLIPModel(type(model.config)(**json.loads(saved["config.json"])))
ours.load_state_dict(saved["state_dict"])
print(f"torch.load(weights_only=True): {len(saved['state_dict'])} tensors, loaded strictly")

manifest = json.loads((model_dir / "wo.json").read_text())
tokenizer = AutoTokenizer.from_pretrained(model_dir)
processor = CLIPImageProcessor.from_pretrained(model_dir)
frames = collections.defaultdict(list)
for line in (frames_dir / "records.ndjson").read_text().splitlines():
    record = json.loads(line)
    if record["type"] == "frame":
        frames[record["video_id"]].append(frames_dir / record["image"]["file"]["path"])

with torch.no_grad():
    classes = []
    for captions in manifest["prompts"]:
        tokens = tokenizer(captions, padding=True, return_tensors="pt")
        text = model.text_model(input_ids=tokens["input_ids"]).pooler_output
        features = torch.nn.functional.normalize(model.text_projection(text), dim=-1)
        classes.append(torch.nn.functional.normalize(features.mean(0), dim=-1))
    classes = torch.stack(classes)
    worst, n = 0.0, 0
    for line in verdicts_file.read_text().splitlines():
        verdict = json.loads(line)
        if verdict["type"] != "verdict":
            continue
        images = [Image.open(path) for path in frames[verdict["video_id"]]]
        pixels = processor(images, return_tensors="pt")["pixel_values"]
        image = model.visual_projection(model.vision_model(pixel_values=pixels).pooler_output)
        logits = torch.nn.functional.normalize(image, dim=-1) @ classes.T * model.logit_scale.exp()
        probabilities = logits.mean(0).softmax(-1)
        labels = sorted({c["label"] for c in manifest["classes"]})
        sums = torch.stack(
            [
                probabilities[
                    torch.tensor([c["label"] == label for c in manifest["classes"]])
                ].sum()
                for label in labels
            ]
        )
        temperature = (manifest.get("trust") or {}).get("temperature") or 1.0
        calibrated = (sums.double().clamp_min(1e-300).log() / temperature).softmax(-1)
        said = verdict.get("leaning") or verdict["label"]
        worst = max(worst, abs(calibrated[labels.index(said)].item() - verdict["probability"]))
        n += 1
print(f"{n} videos: the probability of the verdict differs by at most {worst:.1e}")
sys.exit(0 if n > 0 and worst < TOLERANCE else 1)
