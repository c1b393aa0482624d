"""Takes the frames of videos on a Spark cluster: each partition is a shard, piped through wo-extract.

spark-submit scripts/scale/extract.py --shards 64 --output frames data/training_data --frames-per-video 10

The workers need wo-extract on their PATH and the videos at the same path. OUTPUT must not exist; Spark writes a file of it
for each shard, whole or not at all, however often a task is tried. Read them one after the other:
cat frames/part-* | wo-describe
"""

import argparse
import os
import sys

from pyspark.sql import SparkSession

# Reads the number of its shard, which Spark sends. 3 says that some videos failed: their records say which. A shard without
# a video is a stream as well.
SHARD = """
read -r shard || exit 70
wo-extract "$@" --shard "$shard" --progress off
code=$?
if [ "$code" = 3 ]; then exit 0; fi
exit "$code"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the frames of videos on a Spark cluster")
    parser.add_argument(
        "--shards", type=int, required=True, help="how many: some for each core of the cluster"
    )
    parser.add_argument(
        "--output", required=True, help="folder, or any address that Spark writes to"
    )
    args, rest = parser.parse_known_args()
    if not rest:
        parser.error("no videos named: behind the flags comes what wo-extract takes")
    spark = SparkSession.builder.appName("wo-extract").getOrCreate()
    shards = [f"{index}/{args.shards}" for index in range(1, args.shards + 1)]
    command = " ".join(map(quoted, ["bash", "-c", SHARD, "wo-extract", *rest]))
    # Without an environment the command would have none, not even a PATH. Without checkCode a failed shard would be taken for
    # a short one.
    environment = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ
    }
    records = spark.sparkContext.parallelize(shards, args.shards).pipe(
        command, environment, checkCode=True
    )
    records.saveAsTextFile(args.output)
    spark.stop()


def quoted(word: str) -> str:
    """A word as shlex.split takes it, which is what Spark splits the command with."""
    return "'" + word.replace("'", "'\"'\"'") + "'"


if __name__ == "__main__":
    sys.exit(main())
