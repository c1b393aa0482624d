"""Makes the golden numbers of crates/wo-clip/tests/fixtures/towers with Python open_clip and timm.

Small random models of open_clip's `CustomTextCLIP`, one for each kind of tower of timm that we have: weights with
open_clip's names, pixels and tokens, and what open_clip makes of them: features, logits, the loss and all gradients.
`scripts/just golden` runs this in a virtual environment.
"""

import pathlib
import sys
from functools import partial

import open_clip
import torch
from open_clip.model import CustomTextCLIP
from safetensors.torch import save_file
from timm.layers import HybridEmbed, LayerNorm, LayerNorm2d
from timm.models.eva import Eva
from timm.models.fastvit import FastVit, RepConditionalPosEnc
from timm.models.vision_transformer import VisionTransformer
from timm.models.vision_transformer_hybrid import ConvStem

CONTEXT, VOCABULARY, WIDTH = 12, 90, 10
POSITIONS = partial(RepConditionalPosEnc, spatial_shape=(7, 7))


def pe_core() -> Eva:
    """As `vit_pe_core_base_patch16_224`, smaller."""
    return Eva(
        img_size=24, patch_size=8, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2.0,
        num_classes=WIDTH, global_pool="map", attn_type="rope", use_pre_transformer_norm=True,
        use_rot_pos_emb=True, ref_feat_shape=(3, 3), rope_grid_offset=1.0,
        rope_grid_indexing="xy", attn_pool_num_heads=4, attn_pool_mlp_ratio=4.0,
        norm_layer=partial(LayerNorm, eps=1e-5),
    )  # fmt: skip


def fastvit() -> FastVit:
    """As `fastvit_mci0`, smaller."""
    return FastVit(
        layers=(1, 2, 1, 1), embed_dims=(4, 8, 16, 32), mlp_ratios=(1, 2, 1, 1),
        se_downsamples=(False, False, True, True), pos_embs=(None, None, None, POSITIONS),
        token_mixers=("repmixer", "repmixer", "repmixer", "attention"),
        lkc_use_act=True, num_classes=WIDTH, global_pool="avg",
    )  # fmt: skip


def fastvit_layer_norm() -> FastVit:
    """As `fastvit_mci3`, smaller."""
    return FastVit(
        layers=(1, 1, 1, 1, 1), embed_dims=(2, 4, 8, 32, 32), mlp_ratios=(1,) * 5,
        se_downsamples=(False,) * 5, downsamples=(False, True, True, True, True),
        pos_embs=(None, None, None, POSITIONS, POSITIONS),
        token_mixers=("repmixer", "repmixer", "repmixer", "attention", "attention"),
        lkc_use_act=True, norm_layer=partial(LayerNorm2d, eps=1e-5),
        stem_use_scale_branch=False, num_classes=WIDTH, global_pool="avg",
    )  # fmt: skip


def hybrid() -> VisionTransformer:
    """As `vit_base_mci_224`, smaller."""
    stem = ConvStem(
        channels=(4, 4, 16), stride=(4, 2, 2), kernel_size=(4, 2, 2), padding=0, act_layer=torch.nn.GELU
    )  # fmt: skip
    return VisionTransformer(
        img_size=48, patch_size=1, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2.0, no_embed_class=True,
        embed_layer=partial(HybridEmbed, backbone=stem, proj=False), num_classes=WIDTH, global_pool="token",
    )  # fmt: skip


def plain() -> VisionTransformer:
    """As `vit_large_patch14_clip_224`, smaller."""
    return VisionTransformer(
        img_size=24, patch_size=8, embed_dim=16, depth=2, num_heads=2, mlp_ratio=2.0, pre_norm=True,
        norm_layer=partial(LayerNorm, eps=1e-5), num_classes=WIDTH, global_pool="token",
    )  # fmt: skip


# The tower, the side of its images, a name of timm that open_clip knows it by, and whether texts are read both ways.
MODELS = {
    "pe_core": (pe_core, 24, "vit_pe_core_tiny_patch16_384", "map", False),
    "fastvit": (fastvit, 96, "fastvit_mci0", "avg", True),
    "fastvit_layer_norm": (fastvit_layer_norm, 128, "fastvit_mci0", "avg", True),
    "hybrid": (hybrid, 48, "vit_base_mci_224", "token", False),
    "plain": (plain, 24, "vit_base_patch32_clip_224", "token", True),
}


def perturb(model: torch.nn.Module) -> None:
    """Larger than in a fresh model, so that a wrong factor anywhere shows; biases, scales and statistics too."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 0:
                parameter.add_(torch.randn_like(parameter) * 0.2)
        for name, buffer in model.named_buffers():
            if name.endswith("running_mean"):
                buffer.copy_(torch.randn_like(buffer) * 0.2)
            if name.endswith("running_var"):
                buffer.copy_(torch.rand_like(buffer) + 0.5)


def tokens() -> torch.Tensor:
    """Starts, some words, the largest id as the end, and zeros."""
    ids = torch.zeros(4, CONTEXT, dtype=torch.long)
    for row, n_words in enumerate((5, CONTEXT - 2, 1, 0)):
        ids[row, 0] = VOCABULARY - 2
        ids[row, 1 : 1 + n_words] = torch.randint(1, VOCABULARY - 2, (n_words,))
        ids[row, 1 + n_words] = VOCABULARY - 1
    return ids


def pixels_of(n: int, side: int) -> torch.Tensor:
    """The test makes the same ones, so that they need no file."""
    places = torch.arange(n * 3 * side * side, dtype=torch.float64)
    return torch.sin(places * 0.7 + places * places * 1e-3).float().reshape(n, 3, side, side)


def golden(name: str, folder: pathlib.Path) -> None:
    make, side, known, pool, both_ways = MODELS[name]
    torch.manual_seed(5)
    model = CustomTextCLIP(
        embed_dim=WIDTH,
        vision_cfg={"timm_model_name": known, "timm_pool": pool, "timm_proj": None},
        text_cfg={
            "context_length": CONTEXT,
            "vocab_size": VOCABULARY,
            "width": 8,
            "heads": 2,
            "layers": 2,
            "no_causal_mask": both_ways,
        },
    )
    model.visual.trunk = make()
    perturb(model)
    weights = {n: t.half() if t.is_floating_point() else t for n, t in model.state_dict().items()}
    model.load_state_dict(weights)
    model.eval()
    pixels, ids = pixels_of(3, side), tokens()
    image, text = model.encode_image(pixels, normalize=True), model.encode_text(ids, normalize=True)
    logits = image @ text.T * model.logit_scale.exp()
    # Any smooth function of all logits serves to compare gradients.
    loss = torch.nn.functional.cross_entropy(logits, torch.tensor([0, 1, 2]))
    loss.backward()
    patches = model.visual.trunk.forward_intermediates(pixels, indices=1, intermediates_only=True)
    found = {
        "ids": ids,
        "image_features": image,
        "text_features": text,
        "logits": logits,
        "loss": loss.reshape(1),
        "patches": patches[0].flatten(2).transpose(1, 2),
    }
    found |= {f"grad.{n}": p.grad for n, p in model.named_parameters()}
    folder.mkdir(parents=True, exist_ok=True)
    save_file({n: t.contiguous() for n, t in weights.items()}, folder / "weights.safetensors")
    save_file({n: t.detach().contiguous() for n, t in found.items()}, folder / "golden.safetensors")


if __name__ == "__main__":
    assert open_clip.__version__ == "3.3.0"
    for each in MODELS:
        golden(each, pathlib.Path(sys.argv[1]) / each)
