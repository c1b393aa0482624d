"""Decides ten frames on the page of wo-review as a browser would, over its API, and takes a picture of the page."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

N_DECISIONS = 10
# How many milliseconds of the page's own time pass before its picture is taken.
PAGE_TIME_MS = 8000


def main() -> None:
    folder, picture = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    server = subprocess.Popen(["wo-review", str(folder), "--no-open", "--reviewer", "demo"], stderr=subprocess.PIPE, text=True)
    links = (found[0] for line in server.stderr if (found := re.search(r"http://\S+", line)))
    try:
        base, token = next(links).split("/#")
        opener = urllib.request.build_opener()

        def call(path: str, body: dict | None = None):
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(base + path, data, {"content-type": "application/json"})
            return opener.open(request).read()

        request = urllib.request.Request(base + "/api/enter", json.dumps({"token": token}).encode(), {"content-type": "application/json"})
        cookie = urllib.request.urlopen(request).headers["set-cookie"].split(";")[0]
        opener.addheaders = [("cookie", cookie)]
        frames = json.loads(call("/api/queue?queue=undecided"))[:N_DECISIONS]
        known = json.loads(call("/api/frames?ids=" + ",".join(map(str, frames))))
        for frame in known:
            change = {"label": frame["label"] or "unclear"}
            answer = json.loads(call("/api/decide", {"request": f"demo {frame['id']}", "frames": [frame["id"]], "change": change}))
            assert answer["n_frames"] == 1
        n_lines = len((folder / "reviews.ndjson").read_text().splitlines())
        print(f"{len(known)} frames decided, {n_lines} lines in {folder / 'reviews.ndjson'}")
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        if chromium is None:
            print("no chromium here, so no picture of the page")
            return
        command = [chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,800",
                   f"--virtual-time-budget={PAGE_TIME_MS}", f"--screenshot={picture}", next(links)]
        subprocess.run(command, check=True, timeout=120, stderr=subprocess.DEVNULL)
    finally:
        server.send_signal(2)
        server.wait()


main()
