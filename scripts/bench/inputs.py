"""What wo-train and wo-eval are measured on: a random ViT-B/32, JPEGs on disk, records of them; and what a process takes."""

import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.append(str(pathlib.Path(__file__).parents[1]))
N_THREADS = 2
CAPTIONS = [
    "squat good form with knees tracking over the toes, chest up, hips below the knees",
    "squat bad form with knees collapsing inward over the feet, knee valgus",
    "squat bad form with hips well above the knees at the bottom, insufficient depth",
    "squat bad form with chest dropping toward the thighs and torso nearly flat, excessive forward lean",
]
FAULTS = [[], ["knees_cave"], ["shallow_depth"], ["forward_lean"]]
VIDEOS_OF_A_PERSON = 8
# Often enough to see the last of a short peak.
POLL_S = 0.02


def random_model(work: pathlib.Path) -> pathlib.Path:
    """ViT-B/32 from random weights with CLIP's own vocabulary, as transformers saves it."""
    import transformers
    from clip_tokenizer import tokenizer_of_open_clip

    folder = work / "vit-b-32"
    if (folder / "ready").exists():
        return folder
    text, vision = transformers.CLIPTextConfig(), transformers.CLIPVisionConfig()
    config = transformers.CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=512
    )
    transformers.CLIPModel(config).save_pretrained(folder)
    tokenizer_of_open_clip().save_pretrained(folder)
    transformers.CLIPImageProcessor().save_pretrained(folder)
    (folder / "ready").touch()
    return folder


def frames_of(videos: pathlib.Path, work: pathlib.Path) -> list:
    """JPEGs with a short side of 512, as wo-extract leaves them."""
    folder = work / "frames"
    if not folder.exists():
        subprocess.run(
            ["wo-extract", videos, "--frames-per-video", "32", "--out", folder],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return sorted(path.resolve() for path in folder.rglob("*.jpg"))


def stream(path: pathlib.Path, records: list) -> pathlib.Path:
    """A whole stream of records."""
    n = {kind: sum(record["type"] == kind for record in records) for kind in ("video", "frame")}
    with open(path, "w") as out:
        begin = {
            "type": "begin",
            "tool": "bench",
            "version": "1",
            "schema": "wo-record",
            "schema_version": 1,
        }
        end = {"type": "end", "n_videos": n["video"], "n_frames": n["frame"], "n_errors": 0}
        for record in [begin, *records, end]:
            print(json.dumps(record), file=out)
    return path


def records(
    path: pathlib.Path, jpegs: list, n_videos: int, n_frames: int, prefix: str = ""
) -> pathlib.Path:
    """Records of so many videos, eight to a person, that show the JPEGs in turn. Ids start with `prefix`."""
    made = []
    for video in range(n_videos):
        kind = video % len(CAPTIONS)
        about = {"exercise": "squat", "label": "bad_form" if FAULTS[kind] else "good_form"}
        name = f"{prefix}v{video}"
        made.append(
            {
                "type": "video",
                "video_id": name,
                "path": f"{name}.mp4",
                "person_id": f"{prefix}p{video // VIDEOS_OF_A_PERSON}",
                "duration_ms": 4000.0,
                **about,
            }
        )
        for frame in range(n_frames):
            image = {"file": {"path": str(jpegs[(video * n_frames + frame) % len(jpegs)])}}
            made.append(
                {
                    "type": "frame",
                    "video_id": name,
                    "index": frame,
                    "image": image,
                    "faults": FAULTS[kind],
                    "description": CAPTIONS[kind],
                    **about,
                }
            )
    return stream(path, made)


def environment_of(work: pathlib.Path) -> dict:
    """So many threads for all, and a cache of features of its own."""
    return os.environ | {"OMP_NUM_THREADS": str(N_THREADS), "XDG_CACHE_HOME": str(work / "cache")}


def seconds(command: list, into: pathlib.Path, environment: dict) -> float:
    """What a whole process takes; its stdout goes into a file."""
    started = time.perf_counter()
    with open(into, "w") as out:
        done = subprocess.run(
            [str(part) for part in command],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
    if done.returncode:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stderr}")
    return time.perf_counter() - started


def peak_mib(command: list, environment: dict) -> float:
    """The most memory that a process has. Not ru_maxrss: it would begin with what this process has."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    peak_kib = 0
    while process.poll() is None:
        with open(f"/proc/{process.pid}/status") as status:
            peak_kib = max(
                [peak_kib] + [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
            )
        time.sleep(POLL_S)
    if process.returncode:
        sys.exit(f"bench: {command} ended with {process.returncode}")
    return peak_kib / 1024
