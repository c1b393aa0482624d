"""open_clip's side of the benchmark of wo-eval: its model, its picture transform and its zero-shot loop, as a whole process.

Arguments: a file with paths of JPEGs, a line each, and the number of workers that load them. As open_clip_train's zero_shot
does it: text once, a DataLoader, no gradients."""

import sys

import open_clip
import torch
from inputs import CAPTIONS, N_THREADS
from PIL import Image

BATCH = 64


class Jpegs(torch.utils.data.Dataset):
    """What an image folder gives, from a list."""

    def __init__(self, paths: list, transform):
        self.paths, self.transform = paths, transform

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, place: int) -> torch.Tensor:
        with open(self.paths[place], "rb") as file:
            return self.transform(Image.open(file).convert("RGB"))


def main() -> None:
    torch.set_num_threads(N_THREADS)
    torch.manual_seed(1)
    model, _, preprocess = open_clip.create_model_and_transforms(
        "ViT-B-32-quickgelu", precision="fp32"
    )
    model.eval()
    tokenizer = open_clip.get_tokenizer("ViT-B-32-quickgelu")
    classifier = open_clip.build_zero_shot_classifier(
        model, tokenizer, CAPTIONS, [lambda name: f"{name}."], device="cpu"
    )
    jpegs = Jpegs(open(sys.argv[1]).read().split("\n"), preprocess)
    n_said = 0
    with torch.inference_mode():
        for images in torch.utils.data.DataLoader(
            jpegs, batch_size=BATCH, num_workers=int(sys.argv[2])
        ):
            image_features = model.encode_image(images, normalize=True)
            n_said += (100.0 * image_features @ classifier).softmax(-1).argmax(-1).numel()
    print(n_said)


main()
