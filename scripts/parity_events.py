"""Compares what TensorBoard reads of an event file with the metrics that wo-train printed. Exits 1 where they differ.

Arguments: the folder of --tensorboard, the records of the same run."""

import json
import math
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

events = EventAccumulator(sys.argv[1])
events.Reload()
read = {
    (event.step, tag): event.value
    for tag in events.Tags()["scalars"]
    for event in events.Scalars(tag)
}
printed = {}
for line in open(sys.argv[2]):
    record = json.loads(line)
    if record["type"] == "metric":
        printed |= {(record["step"], name): value for name, value in record["values"].items()}
same = (
    printed
    and printed.keys() == read.keys()
    and all(
        math.isclose(value, read[key], rel_tol=1e-6, abs_tol=1e-12)
        for key, value in printed.items()
    )
)
print(
    f"TensorBoard reads {len(read)} of {len(printed)} figures, {'all the same' if same else 'NOT the same'}"
)
sys.exit(not same)
