"""Makes the golden pixels of crates/wo-clip/tests/fixtures/preprocessing with transformers and open_clip.

Each case is a configuration as it stands in a file of a model, and what Python makes of two pictures by it: the Pillow
processors of transformers for `preprocessor_config.json`, the transforms of open_clip for `preprocess_cfg`.
"""

import json
import pathlib

import numpy
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image
from safetensors.torch import save_file
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

SIDE = 12
PICTURES = ["picture0.png", "picture2.png"]
PROCESSORS = {
    "CLIPImageProcessor": CLIPImageProcessorPil,
    "SiglipImageProcessor": SiglipImageProcessorPil,
    "ViTImageProcessor": ViTImageProcessorPil,
}
SQUARE = {"height": SIDE, "width": SIDE}
CROP = {"size": {"shortest_edge": SIDE}, "crop_size": SQUARE}
SQUASH = {"size": SQUARE, "do_center_crop": False}

HUGGING_FACE = {
    "crop": CROP,
    "crop_of_numbers": {"size": SIDE, "crop_size": SIDE},
    "crop_of_larger": {"size": {"shortest_edge": 15}, "crop_size": SQUARE},
    "squash": SQUASH,
    "squash_and_crop": {"size": SQUARE, "crop_size": SQUARE},
    "squash_of_number": {"size": SIDE, "default_to_square": True, "do_center_crop": False},
    "nearest": CROP | {"resample": 0},
    "lanczos": CROP | {"resample": 1},
    "bilinear": CROP | {"resample": 2},
    "box": CROP | {"resample": 4},
    "hamming": CROP | {"resample": 5},
    "nearest_squash": SQUASH | {"resample": 0},
    "box_squash": SQUASH | {"resample": 4},
    "rescale_factor": CROP | {"rescale_factor": 1 / 127.5, "image_mean": 1.0, "image_std": 1.0},
    "no_rescale": CROP | {"do_rescale": False, "image_mean": [127.5] * 3, "image_std": [64.0] * 3},
    "no_normalize": CROP | {"do_normalize": False},
    "neither": CROP | {"do_rescale": False, "do_normalize": False},
    "mean_and_std": CROP | {"image_mean": [0.1, 0.2, 0.3], "image_std": [0.5, 0.6, 0.7]},
    "no_convert": CROP | {"do_convert_rgb": False},
    "nulls": SQUASH | {"do_center_crop": None, "do_pad": None, "pad_size": None, "crop_size": None},
    "no_flags": CROP | {"do_rescale": None, "do_normalize": None},
    "pad_that_is_none": SQUASH | {"do_pad": True, "pad_size": SQUARE},
    "siglip": {"image_processor_type": "SiglipImageProcessor", "size": SQUARE},
    "vit": {"image_processor_type": "ViTImageProcessor", "size": SQUARE},
}
OPEN_CLIP = {
    "open_clip": {},
    "open_clip_bilinear": {"interpolation": "bilinear"},
    "open_clip_squash": {"resize_mode": "squash", "mean": [0, 0, 0], "std": [1, 1, 1]},
    "open_clip_longest": {"resize_mode": "longest"},
    "open_clip_longest_grey": {
        "resize_mode": "longest",
        "fill_color": 90,
        "interpolation": "bilinear",
    },
}


def dump(pictures_folder: pathlib.Path, target: pathlib.Path) -> None:
    target.mkdir(exist_ok=True)
    pictures = [Image.open(pictures_folder / name).convert("RGB") for name in PICTURES]
    golden, cases = {}, []
    for name, config in HUGGING_FACE.items():
        processor = PROCESSORS[config.get("image_processor_type", "CLIPImageProcessor")](**config)
        pixels = numpy.stack([processor(picture)["pixel_values"][0] for picture in pictures])
        golden[name] = torch.from_numpy(pixels.astype(numpy.float32))
        cases.append({"name": name, "preprocessor_config": config})
    for name, config in OPEN_CLIP.items():
        whole = PreprocessCfg(**merge_preprocess_dict(PreprocessCfg(size=SIDE), config))
        transform = image_transform_v2(whole, is_train=False)
        golden[name] = torch.stack([transform(picture) for picture in pictures])
        cases.append({"name": name, "preprocess_cfg": config})
    assert all(tensor.shape == (len(pictures), 3, SIDE, SIDE) for tensor in golden.values())
    save_file({n: t.contiguous() for n, t in golden.items()}, target / "golden.safetensors")
    (target / "cases.json").write_text(json.dumps(cases, indent=1) + "\n")
