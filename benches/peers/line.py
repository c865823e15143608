"""LINE's native engine, which the Python package line-solver brings: the model is saved, the engine run on one thread."""
import json
import pathlib
import subprocess
import sys
import tempfile

import line_solver as line
from line_solver.io.linemodel_io import save_model

# Arrivals a second, stations, servers, classes.
WORKS = {"one": (0.9, 1, 1, 1), "four": (3.6, 1, 4, 1), "tandem": (0.8, 3, 1, 1), "priorities": (0.8, 1, 1, 2)}


def model_of(work):
    rate, stations, servers, classes = WORKS[work]
    model = line.Network("queues")
    source, how = line.Source(model, "source"), line.SchedStrategy.HOL if classes > 1 else line.SchedStrategy.FCFS
    queues = [line.Queue(model, f"queue {i}", how) for i in range(stations)]
    way = [source, *queues, line.Sink(model, "sink")]
    kinds = [line.OpenClass(model, f"class {i}", i) for i in range(classes)]
    for kind in kinds:
        source.set_arrival(kind, line.Exp(rate / classes))
    for queue in queues:
        queue.set_number_of_servers(servers)
        for kind in kinds:
            queue.set_service(kind, line.Exp(1.0))
    routes = model.init_routing_matrix()
    for kind in kinds:
        for here, there in zip(way, way[1:]):
            routes.set(kind, kind, here, there, 1.0)
    model.link(routes)
    return model, stations


def main(work, messages):
    model, stations = model_of(work)
    engine = pathlib.Path(line.__file__).parent / "bin" / "ldes"
    with tempfile.TemporaryDirectory() as place:
        saved, out = f"{place}/model.json", f"{place}/out.json"
        save_model(model, saved)
        # It counts services, not messages.
        samples = ["--samples", str(messages * stations), "--seed", "1", "--numthreads", "1", "--cimethod", "none"]
        subprocess.run([engine, "solve", saved, "-o", out, *samples], capture_output=True, text=True, check=True)
        found = json.loads(pathlib.Path(out).read_text())
    found = found.get("metrics") or found.get("result") or found
    # A row for each station, a column for each class; the source holds nothing. A wait follows from Little's law.
    wait = 0.0
    for lengths, rates, times in zip(found["QN"], found["TN"], found["RN"]):
        inside = [(length, rate) for length, rate, time in zip(lengths, rates, times) if time]
        if inside:
            wait += sum(length for length, _ in inside) / sum(rate for _, rate in inside) - 1.0
    print(wait)


main(sys.argv[1], int(sys.argv[2]))
