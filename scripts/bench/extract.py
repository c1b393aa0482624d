"""Compares wo-extract with the other ways to take frames from videos: time, CPU seconds and memory, as ratios.

Argument: a folder of sets of videos. All take the frames at the middles of ten equal
segments, 512 pixels on the short side, as JPEGs, two videos at a time with one decoder thread each. Each way runs
three times, in turns; the fastest run counts."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

N, SIZE, N_RUNS = 10, 512, 3
SCALE = f"scale='if(gt(iw,ih),-2,{SIZE})':'if(gt(iw,ih),{SIZE},-2)':flags=lanczos"
here = pathlib.Path(__file__).parent
videos = pathlib.Path(sys.argv[1])


def proportional_mib(root: int) -> float:
    """Memory of a process and all below it; what several share counts once among them."""
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        try:
            for line in pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
            for task in pathlib.Path(f"/proc/{process}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            pass  # It ended meanwhile.
    return total / 1024


def peak_mib(command: list) -> float:
    """Peak memory of a command and all that it starts, looked at again and again: apart from the runs that are timed."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, proportional_mib(process.pid))
        time.sleep(0.005)
    return peak


def run(command: list, **options) -> dict:
    """Wall and CPU seconds, and peak memory of the largest process."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, **options)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: exit code {process.returncode} from {command}")
    return {
        "wall": time.perf_counter() - started,
        "cpu": usage.ru_utime + usage.ru_stime,
        "mib": usage.ru_maxrss / 1024,
        "said": said,
    }


def together(files: list, work) -> dict:
    """Two files at a time; `work` gives the commands of one file, which run one after the other."""

    def of_file(file):
        return [run(command) for command in work(file)]

    started = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        runs = [one for of_one in pool.map(of_file, files) for one in of_one]
    return {
        "wall": time.perf_counter() - started,
        "cpu": sum(one["cpu"] for one in runs),
        "mib": 2 * max(one["mib"] for one in runs),
    }


def duration(file: str) -> float:
    command = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", file]
    return float(subprocess.check_output(command))


def middles(file: str) -> list:
    return [durations[file] * (i + 0.5) / N for i in range(N)]


def wo_extract(files: list, out: str, *flags: str) -> dict:
    command = ["wo-extract", *files, *flags, "--size", str(SIZE), "-j", "2", "-q", "--out"]
    # Its work is done in several processes.
    return {**run([*command, out]), "mib": peak_mib([*command, f"{out}/again"])}


def ffmpeg_select(files: list, out: str) -> dict:
    def commands(file):
        # The first frame at or after each middle.
        chosen = "+".join(
            f"gte(t,{m:.3f})*(lt(prev_t,{m:.3f})+isnan(prev_t))" for m in middles(file)
        )
        picture = f"{out}/{pathlib.Path(file).stem}_%d.jpg"
        return [
            ffmpeg(
                file, [], ["-vf", f"select='{chosen}',{SCALE}", "-vsync", "0", "-q:v", "3", picture]
            )
        ]

    return together(files, commands)


def ffmpeg_seek(files: list, out: str) -> dict:
    def commands(file):
        picture = f"{out}/{pathlib.Path(file).stem}"
        one = ["-frames:v", "1", "-vf", SCALE, "-q:v", "3"]
        times = enumerate(middles(file))
        return [
            ffmpeg(file, ["-ss", f"{time:.3f}"], [*one, f"{picture}_{i}.jpg"]) for i, time in times
        ]

    return together(files, commands)


def ffmpeg_limit(files: list, out: str) -> dict:
    return together(files, lambda file: [ffmpeg(file, [], ["-f", "null", "-"])])


def ffmpeg(file: str, before: list, after: list) -> list:
    return ["ffmpeg", "-v", "error", "-y", "-threads", "1", *before, "-i", file, "-an", *after]


def python(method: str):
    def peer(files: list, out: str) -> dict:
        whole = run(
            [sys.executable, here / "extract_peer.py", method, str(N), str(SIZE), out, *files]
        )
        return {**json.loads(whole["said"]), "mib": whole["mib"]}

    return peer


WAYS = {
    "wo-extract": wo_extract,
    "wo-extract --exact": lambda files, out: wo_extract(files, out, "--exact"),
    "without sandbox": lambda files, out: wo_extract(files, out, "--sandbox", "off"),
    "ffmpeg, one pass": ffmpeg_select,
    "ffmpeg, -ss each": ffmpeg_seek,
    "torchcodec": python("torchcodec"),
    "torchcodec approx.": python("torchcodec-approximate"),
    "PyAV": python("pyav"),
}
LIMIT = "ffmpeg to null"


def n_pictures(folder: str) -> int:
    again = pathlib.Path(folder) / "again"
    return sum(1 for picture in pathlib.Path(folder).rglob("*.jpg") if again not in picture.parents)


def measure(files: list) -> dict:
    best: dict = {}
    for _ in range(N_RUNS):
        for name, way in {**WAYS, LIMIT: ffmpeg_limit}.items():
            with tempfile.TemporaryDirectory() as out:
                figures = way(files, out)
                if name != LIMIT and n_pictures(out) != N * len(files):
                    sys.exit(
                        f"bench: {name} wrote {n_pictures(out)} pictures, not {N * len(files)}"
                    )
            if name not in best or figures["wall"] < best[name]["wall"]:
                best[name] = figures
    return best


def table(title: str, figures: dict) -> None:
    ours = figures["wo-extract"]
    print(f"\n{title}")
    print(
        f"  {'':<20} {'wall s':>7} {'CPU s':>7} {'MiB':>5}   {'wall':>6} {'CPU':>6}  (times ours)"
    )
    for name, one in figures.items():
        print(
            f"  {name:<20} {one['wall']:7.2f} {one['cpu']:7.2f} {one['mib']:5.0f}   "
            f"{one['wall'] / ours['wall']:6.2f} {one['cpu'] / ours['cpu']:6.2f}"
        )
    own = ("wo-extract", "wo-extract --exact", "without sandbox", LIMIT)
    peers = [name for name in figures if name not in own]
    fastest = min(peers, key=lambda name: figures[name]["wall"])
    thriftiest = min(peers, key=lambda name: figures[name]["cpu"])
    print(
        f"  throughput {figures[fastest]['wall'] / ours['wall']:.2f} times that of the best peer ({fastest}); "
        f"CPU seconds {ours['cpu'] / figures[thriftiest]['cpu']:.2f} of the best peer's ({thriftiest}); "
        f"wall {ours['wall'] / figures[LIMIT]['wall']:.2f} of decoding it all; "
        f"sandbox {100 * (ours['wall'] / figures['without sandbox']['wall'] - 1):+.1f} % wall, "
        f"{100 * (ours['cpu'] / figures['without sandbox']['cpu'] - 1):+.1f} % CPU"
    )


def start_up() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/one/1.mp4"
        os.mkdir(f"{folder}/one")
        make = [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=640x360:rate=30:duration=1",
            "-pix_fmt",
            "yuv420p",
        ]
        subprocess.check_call([*make, file])
        out = f"{folder}/out"
        os.mkdir(out)
        peer = [sys.executable, str(here / "extract_peer.py")]
        ways = {
            "wo-extract --help": ["wo-extract", "--help"],
            "wo-extract, 1 s video": [
                "wo-extract",
                f"{folder}/one",
                "--out",
                f"{folder}/ours",
                "-q",
            ],
            "torchcodec, 1 s video": [*peer, "torchcodec", str(N), str(SIZE), out, file],
            "PyAV, 1 s video": [*peer, "pyav", str(N), str(SIZE), out, file],
        }
        print("\nStart-up, whole process")
        for name, command in ways.items():
            seconds = []
            for _ in range(N_RUNS):
                # What an earlier run left there would not be done again.
                shutil.rmtree(f"{folder}/ours", ignore_errors=True)
                seconds.append(run(command)["wall"])
            print(f"  {name:<22} {min(seconds):6.3f} s")


durations = {}
print(
    f"{N} frames of each video, short side {SIZE}, two videos at a time; {os.cpu_count()} cores; best of {N_RUNS} runs"
)
for folder in sorted(path for path in videos.iterdir() if path.is_dir()):
    found = sorted(str(path) for path in folder.glob("*.mp4"))
    durations.update({file: duration(file) for file in found})
    table(f"{folder.name}: {len(found)} videos of {durations[found[0]]:.0f} s", measure(found))
start_up()
