"""Reads shards of `wo-describe --to webdataset` as webdataset and open_clip_train do. Exits 1 where they are not the records.

parity_webdataset.py SHARDS RECORDS: the names of the shards with braces, and the described records, whose images are files.
"""

import argparse
import json
import pathlib
import sys
from collections import Counter

import open_clip
import webdataset
from open_clip_train.data import get_wds_dataset

BATCH = 4


def described(records):
    """The frames of a stream with their images, by the name of their sample."""
    frames = {}
    for line in records.read_text().splitlines():
        record = json.loads(line)
        if record["type"] == "video":
            video = record
        if record["type"] == "frame":
            name = f"{record['video_id'].replace('.', '%2E')}_{record['index']:06}"
            image = records.parent / record["image"]["file"]["path"]
            frames[name] = (record, video, image.read_bytes())
    return frames


def check_samples(shards, frames):
    """Each sample as webdataset splits it is a frame with its record, its video and its image."""
    seen = []
    for sample in webdataset.WebDataset(shards, shardshuffle=False):
        key = sample["__key__"]
        seen.append(key)
        record, video, image = frames[key]
        assert sorted(it for it in sample if not it.startswith("__")) == ["jpg", "json", "txt"], (
            sample.keys()
        )
        assert sample["jpg"] == image, f"{key}: another image"
        assert sample["txt"].decode() == record["description"], key
        values = json.loads(sample["json"])
        for field in ("video_id", "index", "label", "exercise", "faults", "pts_ms", "description"):
            assert values["frame"][field] == record[field], f"{key}: {field}"
        for field in ("person_id", "source_id", "angle", "path"):
            assert values["video"][field] == video[field], f"{key}: {field}"
    assert sorted(seen) == sorted(frames), f"{len(seen)} samples for {len(frames)} frames"
    return len(seen)


def batches(shards, n_frames, is_train):
    """What open_clip_train's loader gives: images and tokens."""
    args = argparse.Namespace(
        train_data=shards,
        val_data=shards,
        train_num_samples=n_frames,
        val_num_samples=n_frames,
        train_data_upsampling_factors=None,
        dataset_resampled=False,
        seed=3,
        batch_size=BATCH,
        workers=1,
        world_size=1,
    )
    preprocess = open_clip.image_transform(64, is_train=False)
    data = get_wds_dataset(args, preprocess, is_train, tokenizer=open_clip.SimpleTokenizer())
    return list(data.dataloader)


def main():
    shards, records = sys.argv[1], pathlib.Path(sys.argv[2])
    frames = described(records)
    n_frames = check_samples(shards, frames)
    print(f"webdataset: {n_frames} samples with image, text and JSON are those of the records")
    tokenizer = open_clip.SimpleTokenizer()
    captions = Counter(
        tuple(tokenizer(it["description"])[0].tolist()) for it, _, _ in frames.values()
    )
    read = Counter()
    for images, tokens in batches(shards, n_frames, is_train=False):
        assert images.shape[1:] == (3, 64, 64), images.shape
        read.update(tuple(it.tolist()) for it in tokens)
    assert read == captions, "open_clip_train reads other captions"
    n_trained = sum(len(tokens) for _, tokens in batches(shards, n_frames, is_train=True))
    assert n_frames <= n_trained < n_frames + BATCH, f"{n_trained} of {n_frames}"
    print(
        f"open_clip_train: {sum(read.values())} frames with their captions; an epoch of training has {n_trained}"
    )


if __name__ == "__main__":
    main()
