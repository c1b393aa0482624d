"""open_clip's side of the benchmark: its model, its loss and torch's AdamW, told over stdin what to do.

Arguments: fused|foreach, distinct captions, their length in tokens, fp32|bf16. As open_clip_train does it: all texts of the batch,
each filled up to 77 tokens; groups with and without weight decay. Lines in: step, images (answers: seconds), peak
(answer: MiB)."""

import sys
import time

import open_clip
import torch

BATCH, N_THREADS, N_POSITIONS = 16, 2, 77
method, n_captions, length = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
# As its `--precision amp_bf16` does it.
autocast = torch.autocast("cpu", torch.bfloat16, enabled=sys.argv[4] == "bf16")
torch.set_num_threads(N_THREADS)
torch.manual_seed(1)
model = open_clip.create_model("ViT-B-32-quickgelu", precision="fp32")
model.train()
loss_of = open_clip.ClipLoss()
named = [
    (name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad
]


def is_not_pulled(name: str, parameter: torch.Tensor) -> bool:
    return (
        parameter.ndim < 2
        or "bn" in name
        or "ln" in name
        or "bias" in name
        or "logit_scale" in name
    )


groups = [
    {"params": [p for name, p in named if is_not_pulled(name, p)], "weight_decay": 0.0},
    {"params": [p for name, p in named if not is_not_pulled(name, p)], "weight_decay": 0.05},
]
options = {"fused": True} if method == "fused" else {"foreach": True}
optimizer = torch.optim.AdamW(groups, lr=1e-5, betas=(0.9, 0.98), eps=1e-6, **options)

images = torch.randn(BATCH, 3, 224, 224)
end = model.vocab_size - 1
texts = torch.zeros(n_captions, N_POSITIONS, dtype=torch.long)
for i, row in enumerate(texts):
    n = length - (min(2 * i, length // 2) if length < N_POSITIONS else 0)
    row[:n] = torch.randint(1, end - 1, (n,))
    row[0], row[n - 1] = end - 1, end
texts = texts[torch.arange(BATCH) % n_captions]


def step() -> None:
    optimizer.zero_grad()
    with autocast:
        image_features, text_features, logit_scale = model(images, texts)[:3]
        loss = loss_of(image_features, text_features, logit_scale)
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        model.logit_scale.clamp_(0, 4.605170185988092)


def look() -> None:
    model.eval()
    with torch.no_grad(), autocast:
        model.encode_image(images, normalize=True)
    model.train()


def peak_mib() -> float:
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM:")) / 1024


for line in sys.stdin:
    order, started = line.strip(), time.perf_counter()
    if order == "peak":
        answer = peak_mib()
    else:
        {"step": step, "images": look}[order]()
        answer = time.perf_counter() - started
    print(answer, flush=True)
