"""Small tokenizers like those of SigLIP and SigLIP 2, each as its reference class and as a tokenizer.json.

SigLIP's is sentencepiece with a Unigram model (pieces 0 <pad>, 1 </s>, 2 <unk>) and its own rules of normalization;
the tokenizer.json on the Hub says the same with the library of tokenizers. SigLIP 2's is Gemma's: byte-pair merges, and
bytes for letters that have no piece.
"""

import json
import pathlib
import random

import sentencepiece
from sentencepiece import sentencepiece_model_pb2 as model_pb2
from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import PreTrainedTokenizerFast, SiglipTokenizer

PUNCTUATION = r"[!\"\#\$%\&'\(\)\*\+,\-\.:;=\?@\[\\\]\^_`\{\|\}\~/<>]"
N_POSITIONS = 64
# A few of the rules of nmt_nfkc, whose table alone has 300 kB: ligatures, fractions, wide letters, odd spaces.
RULES = [
    ("\ufb01", "fi"),
    ("\ufb02", "fl"),
    ("\u00bd", "1/2"),
    ("\u2122", "tm"),
    ("\u3000", " "),
    ("\u2581", " "),
    ("\u00a0", " "),
    ("\u200b", ""),
    ("\u0041\u030a", "\u00c5"),
    ("\u0061\u030a", "\u00e5"),
]
RULES += [(chr(0xFF41 + i), chr(0x61 + i)) for i in range(26)]

HARD_TEXTS = [
    "",
    " ",
    "squat",
    "SQUAT!!",
    "squat bad form with knees collapsing inward",
    "it's a lifter's back, they'll say",
    "100 kg x 5 reps @ RPE 8.5",
    " a \t b \u3000 c\n\nd ",
    'snake_case and-hyphens <b>bold</b> & "quotes" {braces} [x] ~ ^ ` | \\ / $5 #1 50% a=b*c+d;e:f?',
    "ÜBER DIE ÄNDERUNG: l'épaule, İstanbul ΟΔΟΣ straße",
    "\ufb01ne \ufb02oor \u00bd rep \u2122 \uff53\uff51\uff55\uff41\uff54 A\u030angstrom",
    "漢字 仮名 العربية हिन्दी 한국어 🏋️💪🔥 z̈",
    "\u2581squat\u2581\u2581deep \u2581",
    "tab\tnew\nline\r\nvertical\x0bform\x0cunit\x1fsep\x85next\u2028line\u00a0nbsp zero\u200bwidth",
    "word " * 100,
    "supercalifragilisticexpialidocious" * 6,
    "...",
    "don\u2019t \u201cquote\u201d \u2026 \u2013 \u2014",
]


def corpus(texts: list[str]) -> list[str]:
    """Enough lines for a trainer: the texts in lower case, and shuffles of their words."""
    generator = random.Random(3)
    lines = [text.lower() for text in texts if text.strip()] * 4
    words = sorted({word for line in lines for word in line.split()})
    lines += [" ".join(generator.choices(words, k=6)) for _ in range(400)]
    return lines


def siglip(
    texts: list[str], folder: pathlib.Path, n_pieces: int, rules: str = "own"
) -> tuple[SiglipTokenizer, Tokenizer]:
    """`rules` are "own" or the name of a table of sentencepiece, such as nmt_nfkc, which SigLIP's model has."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {"normalization_rule_name": rules}
    if rules == "own":
        table = folder / "rules.tsv"
        code = lambda text: " ".join(f"{ord(c):X}" for c in text)  # noqa: E731
        table.write_text("".join(f"{code(a)}\t{code(b)}\n" for a, b in RULES))
        options = {"normalization_rule_tsv": str(table)}
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus(texts)),
        model_prefix=str(folder / "spiece"),
        model_type="unigram",
        vocab_size=n_pieces,
        hard_vocab_limit=False,
        pad_id=0,
        eos_id=1,
        unk_id=2,
        bos_id=-1,
        minloglevel=2,
        **options,
    )
    slow = SiglipTokenizer(vocab_file=str(folder / "spiece.model"))
    model = model_pb2.ModelProto.FromString((folder / "spiece.model").read_bytes())
    fast = Tokenizer(models.Unigram([(p.piece, p.score) for p in model.pieces], unk_id=2))
    fast.normalizer = normalizers.Sequence(
        [
            normalizers.Lowercase(),
            normalizers.Replace(Regex(PUNCTUATION), ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
            normalizers.Precompiled(model.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    fast.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    fast.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    fast.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 1)]
    )
    special = [
        AddedToken(token, lstrip=True, rstrip=True, normalized=False, special=True)
        for token in ("</s>", "<unk>")
    ]
    fast.add_special_tokens(special)
    return slow, fast


def gemma(texts: list[str], n_pieces: int) -> tuple[PreTrainedTokenizerFast, Tokenizer]:
    """The reference writes texts in lower case before the tokenizer of the Hub's file."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    bytes_ = [f"<0x{i:02X}>" for i in range(256)]
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Split("▁", "merged_with_next")
    trained.train_from_iterator(
        corpus(texts),
        trainers.BpeTrainer(
            vocab_size=n_pieces, special_tokens=special + bytes_, show_progress=False
        ),
    )
    learnt = json.loads(trained.to_str())["model"]
    fast = Tokenizer(
        models.BPE(
            vocab=learnt["vocab"],
            merges=[tuple(merge) for merge in learnt["merges"]],
            unk_token="<unk>",
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    fast.normalizer = normalizers.Replace(" ", "▁")
    fast.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    fast.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    fast.post_processor = processors.TemplateProcessing(
        single=["$A", "<eos>"], pair=["$A", "<eos>", "$B", "<eos>"], special_tokens=[("<eos>", 1)]
    )
    fast.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in special])
    fast.enable_padding(direction="right", pad_id=0, pad_token="<pad>", length=N_POSITIONS)
    lower = Tokenizer.from_str(fast.to_str())
    lower.normalizer = normalizers.Sequence([normalizers.Lowercase(), fast.normalizer])
    reference = PreTrainedTokenizerFast(
        tokenizer_object=lower, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>"
    )
    return reference, fast


def ids(tokenizer, texts: list[str], n_positions: int = N_POSITIONS):
    """As the processors of both models make them."""
    return tokenizer(
        texts, padding="max_length", truncation=True, max_length=n_positions, return_tensors="pt"
    )["input_ids"]
