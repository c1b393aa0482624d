"""Serves many frames with wo-review, works on them in a real browser by its keys, and prints what it took beside the aims."""

import atexit
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
AIMS = {
    "first picture": 1.0,
    "key to picture": 50.0,
    "a thousand decisions": 1200.0,
    "memory": 300.0,
    "page's frame": 50.0,
    "pictures in sight": 500.0,
}


def dumps(record: dict) -> str:
    return json.dumps(record, separators=(",", ":"))


def make_many(source: pathlib.Path, folder: pathlib.Path, n_frames: int) -> None:
    """Many frames out of few: each picture is linked under many names."""
    shutil.rmtree(folder, ignore_errors=True)
    records = [json.loads(line) for line in (source / "records.ndjson").read_text().splitlines()]
    models = [record for record in records if record["type"] == "frame"]
    # A file can only have so many names.
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    # As the tools write them: without spaces.
    lines = [dumps({**records[0], "upstream": []})]
    tables: dict[str, list[str]] = {}
    n_videos = n_frames // FRAMES_PER_VIDEO
    for video in range(n_videos):
        video_id = f"{video:064x}"
        model = models[video % len(models)]
        head = {
            "type": "video",
            "video_id": video_id,
            "path": f"videos/{video:06}.mp4",
            "n_frames": FRAMES_PER_VIDEO,
        }
        lines.append(dumps(head | {key: model[key] for key in ("exercise", "label")}))
        (folder / f"frames_{video // 1000}").mkdir(exist_ok=True)
        for index in range(FRAMES_PER_VIDEO):
            frame = dict(models[(video * 7 + index) % len(models)])
            name = f"frames_{video // 1000}/{video:016x}_{index:03}.jpg"
            os.link(source / frame["image"]["file"]["path"], folder / name)
            frame |= {
                "video_id": video_id,
                "index": index,
                "exercise": model["exercise"],
                "label": model["label"],
            }
            frame["image"] = {"file": {"path": name, "blake3": f"{video:032x}{index:032x}"}}
            frame["quality"] = {
                **frame["quality"],
                "perceptual_hash": f"{hash((video, index)) & (2**64 - 1):016x}",
            }
            lines.append(dumps(frame))
            tables.setdefault(f"{frame['exercise']}_{frame['label']}", []).append(
                f"{name},{frame['label']},"
            )
    lines.append(
        dumps(
            {
                "type": "end",
                "n_videos": n_videos,
                "n_frames": n_videos * FRAMES_PER_VIDEO,
                "n_errors": 0,
            }
        )
    )
    (folder / "records.ndjson").write_text("\n".join(lines) + "\n")
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text(
            "frame_path,label,description\n" + "\n".join(rows) + "\n"
        )


class Browser:
    """A page in chromium, through chromedriver."""

    def __init__(self) -> None:
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, text=True
        )
        for line in self.driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                self.url = f"http://127.0.0.1:{found[1]}"
                break
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1440,900"]
        options = {"goog:chromeOptions": {"binary": shutil.which("chromium"), "args": arguments}}
        session = self.call("/session", {"capabilities": {"alwaysMatch": options}})
        self.url += f"/session/{session['sessionId']}"

    def call(self, path: str, body: dict):
        request = urllib.request.Request(
            self.url + path, json.dumps(body).encode(), {"content-type": "application/json"}
        )
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


def processor_s(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def tell(what: str, value: float, aim: str, unit: str) -> None:
    most = AIMS[aim]
    print(
        f"{what}: {value:.2f} {unit} (aim: at most {most:g} {unit}: {'met' if value <= most else 'missed'})"
    )


TIMES = """performance.getEntriesByType('resource').filter((one) => /app.js|api|picture/.test(one.name)).slice(0, 6)
    .map((one) => `${new URL(one.name).pathname} ${one.responseEnd.toFixed(0)} ms`).join(', ')"""
SCROLL = """const done = arguments[1]; const place = document.querySelector('.grid'); const times = []; let last = performance.now();
    const step = (now) => { times.push(now - last); last = now; place.scrollTop += arguments[0];
    times.length < 300 ? requestAnimationFrame(step) : done(times.slice(5)) }; requestAnimationFrame(step);"""
# A picture is there. The page looks itself: to ask it again and again would take a core from wo-review, which reads.
SHOWN = """const done = arguments[0]; const look = setInterval(() => { const image = document.querySelector('.stage img');
    if (image?.complete && image.naturalWidth > 0) { clearInterval(look); done() } }, 10)"""
# All pictures that can be seen are there.
SETTLED = """const done = arguments[0]; const since = performance.now(); const box = document.querySelector('.grid').getBoundingClientRect();
    const look = () => { const seen = [...document.querySelectorAll('.cell img')].filter((image) => {
        const own = image.getBoundingClientRect(); return own.bottom > box.top && own.top < box.bottom; });
    seen.length > 0 && seen.every((image) => image.complete && image.naturalWidth > 0) ? done(performance.now() - since) : requestAnimationFrame(look) };
    look();"""
# As many boxes as the grid has cells, which is as fast as this browser on this machine scrolls anything.
BOXES = """data:text/html,<div class=grid style="height:90vh;overflow-y:auto;display:grid;grid-template-columns:repeat(7,1fr)"></div><script>
    for (let i = 0; i < 1500; i++) { const box = document.createElement('div'); box.textContent = i;
    box.style.cssText = 'height:160px;margin:4px;border:1px solid'; document.querySelector('.grid').append(box) }</script>"""


def scroll(browser: Browser, step_px: int) -> list[float]:
    return browser.call("/execute/async", {"script": SCROLL, "args": [step_px]})


def told(steps: list[float]) -> str:
    return f"{1000 / statistics.mean(steps):.0f} frames a second, p95 {quantile(steps, 0.95):.1f} ms, worst {max(steps):.1f} ms"


def start(folder: pathlib.Path) -> tuple[subprocess.Popen, str]:
    server = subprocess.Popen(
        ["wo-review", str(folder), "--no-open"], stderr=subprocess.PIPE, text=True
    )
    for line in server.stderr:
        if found := re.search(r"http://\S+", line):
            return server, found[0]
    raise RuntimeError("wo-review printed no link")


def main() -> None:
    source, folder, n_frames = (
        pathlib.Path(sys.argv[1]),
        pathlib.Path(sys.argv[2]),
        int(sys.argv[3]),
    )
    make_many(source, folder, n_frames)
    browser = Browser()
    atexit.register(browser.close)
    since = time.monotonic()
    server, link = start(folder)
    atexit.register(server.kill)
    served = time.monotonic() - since
    worked = processor_s(server.pid)
    browser.call("/url", {"url": link})
    browser.call("/execute/async", {"script": SHOWN, "args": []})
    tell(
        f"{n_frames} frames, link after {served:.2f} s ({worked:.2f} s of processor time), first picture after",
        time.monotonic() - since,
        "first picture",
        "s",
    )
    # Where the time went, by the page's own clock.
    print("  since the page was asked for: " + browser.eval(TIMES))
    browser.wait("!!document.querySelector('.panel h2')")
    time.sleep(1)

    began = time.monotonic()
    for i in range(N_DECISIONS):
        browser.press("gbu"[i % 3])
        time.sleep(PAUSE_S)
    browser.wait("woReview.app.outbox.waiting.length === 0")
    took = time.monotonic() - began
    times = browser.eval("woReview.app.views.single.latencies")
    tell(
        f"from key to next picture, {len(times)} keys: median {statistics.median(times):.1f} ms, p99 {quantile(times, 0.99):.1f} ms, "
        f"worst {max(times):.1f} ms, p95",
        quantile(times, 0.95),
        "key to picture",
        "ms",
    )
    print(
        f"{N_DECISIONS} decisions by keyboard with {PAUSE_S * 1000:.0f} ms between them: {took:.1f} s, all on the disk"
    )
    tell("so a thousand decisions", took * 1000 / N_DECISIONS, "a thousand decisions", "s")

    browser.eval("woReview.app.views.single.latencies.length = 0")
    began = time.monotonic()
    for _ in range(N_DECISIONS // 10):
        browser.press("gbugbugbug")
    browser.wait("woReview.app.outbox.waiting.length === 0")
    print(
        f"{N_DECISIONS} decisions as fast as keys can be sent: {time.monotonic() - began:.1f} s, all on the disk"
    )
    log = (folder / "reviews.ndjson").read_text().splitlines()
    assert len(log) == 2 * N_DECISIONS, len(log)

    browser.press("l")
    browser.wait("document.querySelectorAll('.cell').length > 5")
    time.sleep(1)
    for how, step_px in (("slowly", 10), ("fast", 60)):
        steps = scroll(browser, step_px)
        settled = browser.call("/execute/async", {"script": SETTLED, "args": []})
        tell(
            f"scrolling the grid {how}, {step_px} px a frame: {told(steps)}; p95",
            quantile(steps, 0.95),
            "page's frame",
            "ms",
        )
        tell("then all pictures in sight after", settled, "pictures in sight", "ms")
    time.sleep(3)
    tell(
        "memory of wo-review, writing records and tables included",
        memory_mib(server.pid),
        "memory",
        "MiB",
    )
    began = time.monotonic()
    server.send_signal(2)
    server.wait()
    print(f"ended after {time.monotonic() - began:.2f} s with {server.returncode}")
    browser.call("/url", {"url": BOXES})
    print(f"the same browser with plain boxes: {told(scroll(browser, 60))}")


main()
