"""Makes golden folders of crates/wo-clip/tests/fixtures as people have them: an adapter of peft, tokens of hard texts.

The adapter stands on the small model in `quick_gelu`; its golden numbers are those of the model that peft merged.
"""

import json
import pathlib

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPTokenizer

HARD_TEXTS = [
    "",
    "squat bad form with knees collapsing inward",
    "SQUAT  Bad\tFORM\n with   double  spaces ",
    "l'épaule d'un élève, naïve façade",
    "l'e\u0301paule decomposed",
    "żółw 🏋️‍♀️💪🏽 xyz",
    "<p>html &amp; &lt;tags&gt;</p> &quot;",
    "it's they'll we've I'm he'd 'tis",
    "100kg x 5 @ RPE 8.5, 2024-01-31",
    "漢字 かな 한국어 العربية हिन्दी",
    "ﬁne ½ ™ İstanbul ẞ",
    "<|startoftext|> squat <|endoftext|>",
    "squat bad form " * 12,
]


def dump_adapter(base: pathlib.Path, target: pathlib.Path) -> None:
    torch.manual_seed(13)
    model = CLIPModel.from_pretrained(base, dtype=torch.float32)
    config = LoraConfig(
        r=4,
        lora_alpha=6,
        lora_dropout=0.1,
        target_modules=["q_proj", "v_proj", "fc1"],
        rank_pattern={"vision_model.encoder.layers.1.self_attn.q_proj": 2, "fc1": 3},
        alpha_pattern={"text_model.encoder.layers.0.self_attn.v_proj": 5, "mlp.fc1": 9},
        use_rslora=True,
        modules_to_save=["visual_projection"],
    )
    adapted = get_peft_model(model, config)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name or "modules_to_save" in name:
                parameter.add_(torch.randn_like(parameter) * 0.2)
    adapted.save_pretrained(target)
    (target / "README.md").unlink(missing_ok=True)
    settings = json.loads((target / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = "base"
    (target / "adapter_config.json").write_text(json.dumps(settings, indent=2) + "\n")
    again = CLIPModel.from_pretrained(base, dtype=torch.float32)
    merged = PeftModel.from_pretrained(again, target).merge_and_unload().eval()
    golden = load_file(base / "golden.safetensors")
    with torch.no_grad():
        output = merged(input_ids=golden["ids"], pixel_values=golden["pixels"], attention_mask=None)
    numbers = {
        "image_features": output.image_embeds,
        "text_features": output.text_embeds,
        "logits": output.logits_per_image,
    }
    save_file({n: t.contiguous() for n, t in numbers.items()}, target / "golden.safetensors")


def dump_tokens(tokenizer_file: pathlib.Path, target: pathlib.Path) -> None:
    """Splits a `tokenizer.json` into the files of older folders, and writes the ids that Python makes with these."""
    model = json.loads(tokenizer_file.read_text())["model"]
    target.mkdir(exist_ok=True)
    (target / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    (target / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    tokenizer = CLIPTokenizer.from_pretrained(target)
    golden = [
        {"text": text, "ids": tokenizer(text, truncation=True, max_length=20)["input_ids"]}
        for text in HARD_TEXTS
    ]
    (target / "tokens.json").write_text(json.dumps(golden, indent=0, ensure_ascii=False) + "\n")


def dump(target: pathlib.Path) -> None:
    dump_adapter(target / "quick_gelu", target / "adapter")
    dump_tokens(target / "tokenizer.json", target / "vocabulary")
