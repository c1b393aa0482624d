"""Serves many frames with wo-review, works on them in a real browser by its keys, and prints what it took."""

import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time
import urllib.request

FRAMES_PER_VIDEO = 20
N_DECISIONS = 200
# As fast as a person with a practised hand goes on for long.
PAUSE_S = 0.15


def make_many(source: pathlib.Path, folder: pathlib.Path, n_frames: int) -> None:
    """Many frames out of few: each picture is linked under many names."""
    shutil.rmtree(folder, ignore_errors=True)
    records = [json.loads(line) for line in (source / "records.ndjson").read_text().splitlines()]
    models = [record for record in records if record["type"] == "frame"]
    # A file can only have so many names.
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    lines = [json.dumps({**records[0], "upstream": []})]
    tables: dict[str, list[str]] = {}
    n_videos = n_frames // FRAMES_PER_VIDEO
    for video in range(n_videos):
        video_id = f"{video:064x}"
        model = models[video % len(models)]
        head = {"type": "video", "video_id": video_id, "path": f"videos/{video:06}.mp4", "n_frames": FRAMES_PER_VIDEO}
        lines.append(json.dumps(head | {key: model[key] for key in ("exercise", "label")}))
        (folder / f"frames_{video // 1000}").mkdir(exist_ok=True)
        for index in range(FRAMES_PER_VIDEO):
            frame = dict(models[(video * 7 + index) % len(models)])
            name = f"frames_{video // 1000}/{video:016x}_{index:03}.jpg"
            os.link(source / frame["image"]["file"]["path"], folder / name)
            frame |= {"video_id": video_id, "index": index, "exercise": model["exercise"], "label": model["label"]}
            frame["image"] = {"file": {"path": name, "blake3": f"{video:032x}{index:032x}"}}
            frame["quality"] = {**frame["quality"], "perceptual_hash": f"{hash((video, index)) & (2**64 - 1):016x}"}
            lines.append(json.dumps(frame))
            tables.setdefault(f"{frame['exercise']}_{frame['label']}", []).append(f"{name},{frame['label']},")
    lines.append(json.dumps({"type": "end", "n_videos": n_videos, "n_frames": n_videos * FRAMES_PER_VIDEO, "n_errors": 0}))
    (folder / "records.ndjson").write_text("\n".join(lines) + "\n")
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text("frame_path,label,description\n" + "\n".join(rows) + "\n")


class Browser:
    """A page in chromium, through chromedriver."""

    def __init__(self) -> None:
        self.driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True)
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                self.url = f"http://127.0.0.1:{found[1]}"
                break
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1440,900"]
        options = {"goog:chromeOptions": {"binary": shutil.which("chromium"), "args": arguments}}
        session = self.call("/session", {"capabilities": {"alwaysMatch": options}})
        self.url += f"/session/{session['sessionId']}"

    def call(self, path: str, body: dict):
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), {"content-type": "application/json"})
        return json.load(urllib.request.urlopen(request))["value"]

    def eval(self, script: str):
        return self.call("/execute/sync", {"script": f"return ({script})", "args": []})

    def wait(self, script: str, limit_s: float = 120) -> None:
        end = time.monotonic() + limit_s
        while not self.eval(script):
            if time.monotonic() > end:
                raise TimeoutError(script)
            time.sleep(0.005)

    def press(self, keys: str) -> None:
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def close(self) -> None:
        urllib.request.urlopen(urllib.request.Request(self.url, method="DELETE"))
        self.driver.terminate()


def memory_mib(pid: int) -> float:
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def start(folder: pathlib.Path) -> tuple[subprocess.Popen, str]:
    server = subprocess.Popen(["wo-review", str(folder), "--no-open"], stderr=subprocess.PIPE, text=True)
    for line in server.stderr:
        if found := re.search(r"http://\S+", line):
            return server, found[0]
    raise RuntimeError("wo-review printed no link")


def main() -> None:
    source, folder, n_frames = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
    make_many(source, folder, n_frames)
    browser = Browser()
    since = time.monotonic()
    server, link = start(folder)
    served = time.monotonic() - since
    browser.call("/url", {"url": link})
    shown = "(() => { const image = document.querySelector('.stage img'); return image?.complete && image.naturalWidth > 0 })()"
    browser.wait(shown)
    print(f"{n_frames} frames: link after {served:.2f} s, first picture after {time.monotonic() - since:.2f} s")
    browser.wait("!!document.querySelector('.panel h2')")
    time.sleep(1)

    began = time.monotonic()
    for i in range(N_DECISIONS):
        browser.press("gbu"[i % 3])
        time.sleep(PAUSE_S)
    browser.wait("woReview.app.outbox.waiting.length === 0")
    took = time.monotonic() - began
    times = browser.eval("woReview.app.views.single.latencies")
    print(f"from key to next picture: median {statistics.median(times):.1f} ms, p95 {quantile(times, 0.95):.1f} ms, "
          f"p99 {quantile(times, 0.99):.1f} ms, worst {max(times):.1f} ms ({len(times)} keys)")
    print(f"{N_DECISIONS} decisions by keyboard with {PAUSE_S * 1000:.0f} ms between them: {took:.1f} s, all on the disk")

    browser.eval("woReview.app.views.single.latencies.length = 0")
    began = time.monotonic()
    for _ in range(N_DECISIONS // 10):
        browser.press("gbugbugbug")
    browser.wait("woReview.app.outbox.waiting.length === 0")
    print(f"{N_DECISIONS} decisions as fast as keys can be sent: {time.monotonic() - began:.1f} s, all on the disk")
    log = (folder / "reviews.ndjson").read_text().splitlines()
    assert len(log) == 2 * N_DECISIONS, len(log)

    browser.press("l")
    browser.wait("document.querySelectorAll('.cell').length > 5")
    scroll = """const done = arguments[0]; const grid = document.querySelector('.grid'); const times = []; let last = performance.now();
        const step = (now) => { times.push(now - last); last = now; grid.scrollTop += 60;
        times.length < 300 ? requestAnimationFrame(step) : done(times.slice(5)) }; requestAnimationFrame(step);"""
    steps = browser.call("/execute/async", {"script": scroll, "args": []})
    print(f"scrolling the grid: {1000 / statistics.mean(steps):.0f} pictures a second, p95 {quantile(steps, 0.95):.1f} ms")
    time.sleep(3)
    print(f"memory of wo-review: at most {memory_mib(server.pid):.0f} MiB, writing records and tables included")
    began = time.monotonic()
    server.send_signal(2)
    server.wait()
    print(f"ended after {time.monotonic() - began:.2f} s with {server.returncode}")
    browser.close()


main()
