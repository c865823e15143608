#!/usr/bin/env python3
"""What `queuelab predict` says of brokers at loads that it has not seen, and what they then did: one row a load.

    . target/brokers/redis/env && benches/predictions.py redis            # also rabbitmq, nats, activemq, kafka, in-process
    . target/brokers/rabbitmq/env && benches/predictions.py rabbitmq quorum

Learns at a third and half of the load, predicts three others, measures those. CASES=0,2 measures some of the cases alone.
Needs `queuelab` in target/release (with `--features brokers,kafka`), or where $QUEUELAB says.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("QUEUELAB", ROOT / "target/release/queuelab")
LEARN, JUDGE = os.environ.get("LEARN", "0.3,0.5"), os.environ.get("JUDGE", "0.6,0.7,0.8")
DURATION = os.environ.get("DURATION", "10s")
# A server that was just started, one in Java above all, is another one than after some thousand messages.
WARM_UP = "20s"
WORK = 0.004
# Consumers, messages that one holds, law of the work.
CASES = [(1, 1, "exponential"), (4, 1, "constant"), (1, 10, "constant"), (4, 10, "exponential")]
# Within so much a prediction has come true: of the mean and of the 99th percentile.
MEAN, TAIL = 0.10, 0.10

SCENARIO = """
seed = 11
[producers.web]
to = "jobs"
rate = "{rate}/s"
[queues.jobs]
{partitions}
[consumers.workers]
from = "jobs"
count = {count}
service_time = {work}
{prefetch}
[measurement]
target = "{target}"
duration = "{duration}"
{broker}
"""


def predict(target, kind, count, prefetch, law):
    held = f"prefetch = {prefetch}" if target in ("rabbitmq", "nats", "redis", "activemq", "in-process") else ""
    text = SCENARIO.format(
        rate=0.5 * count / WORK,
        count=count,
        work='"4ms"' if law == "constant" else '{ law = "exponential", mean = "4ms" }',
        partitions=f"partitions = {count}" if target == "kafka" and count > 1 else "",
        prefetch=held,
        target=target,
        duration=DURATION,
        broker=f'[measurement.broker]\nqueue_type = "{kind}"' if kind else "",
    )
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        # What was learnt at low loads that other work on the machine disturbed is nothing.
        for _ in range(3):
            done = subprocess.run([PROGRAM, "predict", file.name, "--json", "--learn", LEARN, "--judge", JUDGE], capture_output=True, text=True)
            if not done.stdout:
                print(f"{target} {kind} {count} {prefetch} {law}: {done.stderr.strip()}", file=sys.stderr)
                return None
            document = json.loads(done.stdout)
            if document["lesson"]["loads"]:
                break
    return document


def warm_up(target, kind):
    text = SCENARIO.format(rate=500, count=1, work='"0s"', partitions="", prefetch="", target=target, duration=WARM_UP, broker=f'[measurement.broker]\nqueue_type = "{kind}"' if kind else "")
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        subprocess.run([PROGRAM, "run", file.name, "--only", "measurement", "--json"], capture_output=True)


def milliseconds(answer, metric):
    told = answer["metrics"].get(metric, {}).get("value") if answer else None
    return "" if told is None else f"{1000 * told:.2f}"


def percent(share):
    return "" if share is None else f"{100 * share:+.1f}"


def rows(name, count, held, law, document):
    for point in document["points"]:
        if point["role"] == "learnt":
            continue
        measured = next((a for a in point["answers"] if a["method"] == "measurement"), None)
        mean, tail = (point["off"].get(s) for s in ("mean", "p99"))
        trust = measured["trust"].lower() if measured else "not measured"
        if trust == "invalid" or not measured:
            said = trust.upper() + (": " + ", ".join(g["name"] for g in measured["gates"] if g["trust"].lower() == "invalid") if measured else "")
        elif point["busy"] >= 1:
            said = "overloaded"
        elif point["range"]:
            low, high = zip(*point["range"].values())
            seen = [measured["metrics"].get(f"total.latency.{s}", {}).get("value") for s in point["range"]]
            inside = all(v is None or a * (1 - TAIL) <= v <= b * (1 + TAIL) for a, v, b in zip(low, seen, high))
            said = "in its range" if inside else "**outside its range**"
        elif abs(mean) <= MEAN and (tail is None or abs(tail) <= TAIL):
            said = "yes"
        else:
            said = "**no**"
        learnt, own = point["turnaround"]["learnt"] or 0, point["turnaround"]["seen"]
        cells = [name, str(count), str(held), law, f"{point['load']:g}", f"{point['busy']:.2f}"]
        for statistic, share in (("mean", mean), ("p99", tail)):
            metric = f"total.latency.{statistic}"
            cells += [milliseconds(point["predicted"], metric), milliseconds(measured, metric), percent(share)]
        cells.append(f"{1000 * learnt:.2f} / " + ("" if own is None else f"{1000 * own:.2f}"))
        cells += [trust.upper() + (f" at attempt {point['attempts']}" if point["attempts"] > 1 else ""), said]
        yield "| " + " | ".join(cells) + " |"


def main():
    target, *kind = sys.argv[1:] or ["in-process"]
    name = " ".join([target, *kind])
    warm_up(target, kind[0] if kind else None)
    cases = [case for case in CASES if target != "kafka" or case[1] == 1] + ([(1, 1, "constant"), (4, 1, "exponential")] if target == "kafka" else [])
    print("| target | consumers | prefetch | work | load | with turnaround | mean predicted, ms | measured | off, % | p99 predicted, ms | measured | off, % | turnaround learnt / seen, ms | measurement | held |")
    print("|---|--:|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|---|", flush=True)
    if "CASES" in os.environ:
        cases = [cases[int(number)] for number in os.environ["CASES"].split(",")]
    for count, held, law in cases:
        document = predict(target, kind[0] if kind else None, count, held, law)
        if document:
            print("\n".join(rows(name, count, held, law, document)), flush=True)


main()
