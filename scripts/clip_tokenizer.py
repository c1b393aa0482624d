"""CLIP's own tokenizer for transformers, made of the vocabulary that comes with open_clip: nothing is downloaded."""

import gzip

import open_clip
from transformers import CLIPTokenizer


def tokenizer_of_open_clip() -> CLIPTokenizer:
    """CLIP's vocabulary in the order of open_clip's SimpleTokenizer, under OpenAI's names of the special tokens."""
    lines = gzip.open(open_clip.tokenizer.default_bpe()).read().decode().split("\n")
    merges = [tuple(line.split()) for line in lines[1 : 49152 - 256 - 2 + 1]]
    letters = list(open_clip.tokenizer.bytes_to_unicode().values())
    tokens = (
        letters + [letter + "</w>" for letter in letters] + ["".join(merge) for merge in merges]
    )
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={token: i for i, token in enumerate(tokens)}, merges=merges, model_max_length=77
    )
