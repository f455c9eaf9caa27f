"""Writes scalars.tfevents, and checks that TensorBoard reads it.

tensorboard 2.21.0 with its own protocol buffers; python gen_events.py
"""

import os

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.compat.proto import event_pb2, summary_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

here = os.path.dirname(os.path.abspath(__file__))
path = os.path.join(here, "scalars.tfevents")

events = [event_pb2.Event(wall_time=1700000000.25, file_version="brain.Event:2")]
for step, values in [
    (0, [("train/loss", 0.75)]),
    (1, [("train/loss", 0.5), ("train/rate", 1e-3)]),
    (300, [("dev/macro_f1", 0.8125), ("dev/log_loss", float("nan"))]),
]:
    summary = summary_pb2.Summary(
        value=[summary_pb2.Summary.Value(tag=t, simple_value=v) for t, v in values]
    )
    event = event_pb2.Event(wall_time=1700000000.25 + step, step=step, summary=summary)
    events.append(event)

with open(path, "wb") as f:
    w = RecordWriter(f)
    for e in events:
        w.write(e.SerializeToString(deterministic=True))
    w.flush()

acc = event_accumulator.EventAccumulator(path)
acc.Reload()
assert [(s.step, s.value) for s in acc.Scalars("train/loss")] == [(0, 0.75), (1, 0.5)]
