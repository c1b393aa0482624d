"""How wo-describe and wo-train's index grow with the number of frame records. See scale-records."""

import os
import subprocess
import sys
import tempfile
import time

FRAMES_PER_VIDEO = int(os.environ.get("FRAMES_PER_VIDEO", "100"))
CLASSES = 2
DEFAULT = [1_000_000, 3_000_000, 10_000_000]
# What a program takes that has nothing to do.
FEW = CLASSES * 20 * FRAMES_PER_VIDEO


def synth(n_frames):
    per_class = max(n_frames // FRAMES_PER_VIDEO // CLASSES, 1)
    return [
        "wo-synth",
        "--exercises=squat",
        f"--videos-per-class={per_class}",
        f"--persons={min(max(per_class // 5, 8), 1_000_000)}",
        f"--records-only={FRAMES_PER_VIDEO}",
    ]


def run(commands, folder):
    """Runs a pipe; returns the wall time and, of each program, its processor time and peak memory in MiB."""
    start = time.monotonic()
    processes, source = [], subprocess.DEVNULL
    for place, command in enumerate(commands):
        is_last = place == len(commands) - 1
        log = open(os.path.join(folder, f"{place}.log"), "w")
        target = subprocess.DEVNULL if is_last else subprocess.PIPE
        process = subprocess.Popen(command, stdin=source, stdout=target, stderr=log)
        if place > 0:
            source.close()
        source = process.stdout
        processes.append(process)
    results = []
    for place, process in enumerate(processes):
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{commands[place]}: " + open(os.path.join(folder, f"{place}.log")).read())
        results.append((usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024))
    return time.monotonic() - start, results


def main():
    sizes = [int(it) for it in sys.argv[1:]] or DEFAULT
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
        describe = ["wo-describe", "-q"]
        train = ["wo-train", "--init=tiny", "--dry-run=records", f"--output={folder}/out/model"]
        _, few = run([synth(FEW), describe, train], folder)
        base = [memory for _, memory in few]
        print(
            f"{FRAMES_PER_VIDEO} frames a video; with {FEW} frames wo-describe takes {base[1]:.0f} MiB, wo-train {base[2]:.0f}"
        )
        print(
            "| Frames | Pipe | Wall s | CPU s: synth, describe, train | Peak MiB: describe, train | Bytes a frame: describe, train |"
        )
        print("|---|---|---|---|---|---|")
        for n_frames in sizes:
            for commands in ([synth(n_frames), describe], [synth(n_frames), describe, train]):
                wall, used = run(commands, folder)
                more = [
                    (memory - base[it]) * 2**20 / n_frames for it, (_, memory) in enumerate(used)
                ]
                names = " \\| ".join(command[0].removeprefix("wo-") for command in commands)
                times = ", ".join(f"{it:.1f}" for it, _ in used)
                memory = ", ".join(f"{it:.0f}" for _, it in used[1:])
                bytes_a_frame = ", ".join(f"{it:.1f}" for it in more[1:])
                print(
                    f"| {n_frames} | {names} | {wall:.1f} | {times} | {memory} | {bytes_a_frame} |",
                    flush=True,
                )


main()
