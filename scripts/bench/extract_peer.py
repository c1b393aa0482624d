"""Takes frames with a Python library, as someone would who does not know wo-extract; prints its seconds as JSON.

Arguments: torchcodec|torchcodec-approximate|pyav N SIZE OUT FILE... The frames at the middles of N equal segments, their
short side SIZE, as JPEGs. Two files at a time, one decoder thread each. The imports are not counted."""

import json
import pathlib
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

method, n, size, out, *files = sys.argv[1:]
n, size, out = int(n), int(size), pathlib.Path(out)


def save(image, path: str, index: int) -> None:
    scale = size / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.LANCZOS)
    image.save(
        out / f"{pathlib.Path(path).parent.name}_{pathlib.Path(path).stem}_{index}.jpg",
        quality=90,
        subsampling=0,
    )


def with_torchcodec(path: str) -> None:
    mode = "approximate" if method.endswith("approximate") else "exact"
    decoder = VideoDecoder(path, seek_mode=mode, num_ffmpeg_threads=1, dimension_order="NHWC")
    duration = decoder.metadata.duration_seconds
    frames = decoder.get_frames_played_at([duration * (i + 0.5) / n for i in range(n)])
    for index, frame in enumerate(frames.data):
        save(Image.fromarray(frame.numpy()), path, index)


def with_pyav(path: str) -> None:
    with av.open(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        duration = container.duration / av.time_base
        last = None
        for index in range(n):
            wanted = duration * (index + 0.5) / n
            # Seeking to a key frame that is already behind would decode its group again.
            container.seek(int(wanted * av.time_base))
            for frame in container.decode(stream):
                if frame.time + 1 / float(stream.average_rate) > wanted:
                    last = frame
                    break
            save(last.to_image(), path, index)


from PIL import Image  # noqa: E402

if method == "pyav":
    import av

    take = with_pyav
else:
    from torchcodec.decoders import VideoDecoder

    take = with_torchcodec

before, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
with ThreadPoolExecutor(2) as pool:
    list(pool.map(take, files))
wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps({"wall": wall, "cpu": cpu}))
