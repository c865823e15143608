#!/usr/bin/env python3
"""Measures every scenario of scenarios/agreement on a real queue and tables how far it is from the rehearsal and the replay.

    benches/agreement.py [NAME...]                 # all of them, or those named, on the queue of this crate
    benches/agreement.py --target redis [NAME...]  # on a broker: source the `env` file that .ci/brokers writes first

Needs `queuelab` in target/release (with `--features brokers,kafka` for brokers), or where $QUEUELAB says.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("QUEUELAB", ROOT / "target/release/queuelab")
TIMES = ["mean", "p50", "p99"]


def rates(file, share):
    """Settings that give a scenario so much of its traffic."""
    producers = tomllib.loads(file.read_text())["producers"]
    own = {name: float(producer["rate"].removesuffix("/s")) for name, producer in producers.items() if "rate" in producer}
    return [word for name, rate in own.items() for word in ("--set", f"producers.{name}.rate={rate * share:g}/s")]


def measure(file, target, share):
    command = [PROGRAM, "run", file, "--only", "measurement", "--json", "--set", f"measurement.target={target}"]
    command += rates(file, share) if share != 1 else []
    done = subprocess.run(command, capture_output=True, text=True)
    if not done.stdout:
        sys.exit(done.stderr)
    return json.loads(done.stdout)


def places(answer):
    """The places whose latency is known: all producers, or their sum where they are alike."""
    names = [m.removesuffix(".latency.mean") for m in answer["metrics"] if m.startswith("producers.") and m.endswith(".latency.mean")]
    return names if len(names) > 1 else ["total"]


def value(answer, metric):
    return answer["metrics"].get(metric, {}).get("value")


def off(measured, other):
    return "" if measured is None or not other else f"{100 * (measured / other - 1):+.1f}"


def longest(answer, quantity):
    """The largest mean of a time that each queue or consumer group has of its own, in milliseconds."""
    all_of = [value(answer, m) for m in answer["metrics"] if m.endswith(f".{quantity}.mean")]
    return f"{1000 * max(all_of):.2f}" if any(v is not None for v in all_of) else ""


def row(name, document, target):
    answers = {a["method"]: a for a in document["answers"]}
    if "measurement" not in answers:
        return [f"| {name} | not measured: {[u['why'] for u in document['unanswered']]} |"]
    measured, rehearsal, replay = (answers[m] for m in ("measurement", "rehearsal", "replay"))
    trust = "VALID"
    for gate in measured.get("gates", []):
        if gate["trust"].lower() != "valid":
            trust = f"{gate['trust'].upper()} ({gate['name']} {gate['value']:.3g}, limit {gate['limit']:.3g})"
            if gate["trust"].lower() == "invalid":
                break
    rows = []
    for place in places(measured):
        queue = max((m for m in measured["metrics"] if m.endswith(".queue_length.mean")), key=lambda m: value(measured, m) or 0)
        cells = [name if place == "total" else f"{name}, {place.split('.')[1]}", f"{value(measured, f'{place}.throughput'):.1f}"]
        for statistic in TIMES:
            metric = f"{place}.latency.{statistic}"
            told = value(measured, metric)
            cells.append("" if told is None else f"{1000 * told:.2f}")
            cells.append(f"{off(value(measured, metric), value(rehearsal, metric))} / {off(value(measured, metric), value(replay, metric))}")
        cells.append(" / ".join(f"{value(a, queue):.2f}" for a in (measured, rehearsal, replay)))
        cells.append(" / ".join(f"{100 * value(a, f'{place}.loss'):.2f}" for a in (measured, rehearsal, replay)))
        if target != "in-process":
            cells.append(" / ".join(longest(measured, quantity) for quantity in ("confirm", "hop", "turnaround")))
            cells.append(f"{os.getloadavg()[0]:.1f}")
        cells.append(trust)
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def main():
    arguments = argparse.ArgumentParser(description="How far measurements are from their rehearsal and replay.")
    arguments.add_argument("--target", default="in-process", help="what is measured; see `queuelab targets`")
    arguments.add_argument("--traffic", default="1", help="shares of each scenario's rates, such as 0.5,1")
    arguments.add_argument("names", nargs="*", help="files of scenarios/agreement, without .toml; all unless given")
    asked = arguments.parse_args()
    files = sorted((ROOT / "scenarios/agreement").glob("*.toml"))
    wanted = [f for f in files if not asked.names or f.stem in asked.names]
    broker = " confirm / hop / turnaround, ms | machine's load |" if asked.target != "in-process" else ""
    print(f"| scenario | throughput, /s | mean, ms | off, % | p50, ms | off, % | p99, ms | off, % | longest queue | loss, % |{broker} |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|" + ("--:|--:|" if broker else "") + "---|")
    for file, share in itertools.product(wanted, [float(share) for share in asked.traffic.split(",")]):
        name = file.stem if share == 1 else f"{file.stem} × {share:g}"
        print("\n".join(row(name, measure(file, asked.target, share), asked.target)), flush=True)


main()
