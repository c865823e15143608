#!/usr/bin/env python3
"""Measures every scenario of scenarios/agreement on the real queue and tables how far it is from the rehearsal and the replay.

    benches/agreement.py [NAME...]        # all of them, or those named; needs `queuelab` in target/release, or where $QUEUELAB says
"""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = os.environ.get("QUEUELAB", ROOT / "target/release/queuelab")
TIMES = ["mean", "p50", "p99"]


def measure(file):
    done = subprocess.run([PROGRAM, "run", file, "--only", "measurement", "--json"], capture_output=True, text=True)
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


def row(name, document):
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
        cells.append(trust)
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def main():
    files = sorted((ROOT / "scenarios/agreement").glob("*.toml"))
    wanted = [f for f in files if not sys.argv[1:] or f.stem in sys.argv[1:]]
    print("| scenario | throughput, /s | mean, ms | off, % | p50, ms | off, % | p99, ms | off, % | longest queue | loss, % | |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|")
    for file in wanted:
        print("\n".join(row(file.stem, measure(file))), flush=True)


main()
