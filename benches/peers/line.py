"""LINE's native engine, which the Python package line-solver brings: the model is saved, the engine run on one thread."""
import json
import pathlib
import subprocess
import sys
import tempfile

import line_solver as line
from line_solver.io.linemodel_io import save_model


def main(servers, messages):
    model = line.Network("queue")
    source, queue, sink = line.Source(model, "source"), line.Queue(model, "queue", line.SchedStrategy.FCFS), line.Sink(model, "sink")
    kind = line.OpenClass(model, "messages")
    queue.set_number_of_servers(servers)
    source.set_arrival(kind, line.Exp(0.9 * servers))
    queue.set_service(kind, line.Exp(1.0))
    routes = model.init_routing_matrix()
    routes.set(kind, kind, source, queue, 1.0)
    routes.set(kind, kind, queue, sink, 1.0)
    model.link(routes)
    engine = pathlib.Path(line.__file__).parent / "bin" / "ldes"
    with tempfile.TemporaryDirectory() as place:
        saved, out = f"{place}/model.json", f"{place}/out.json"
        save_model(model, saved)
        subprocess.run(
            [engine, "solve", saved, "-o", out, "--samples", str(messages), "--seed", "1", "--numthreads", "1", "--cimethod", "none"],
            capture_output=True, text=True, check=True)
        found = json.loads(pathlib.Path(out).read_text())
    found = found.get("metrics") or found.get("result") or found
    rates, lengths = [row[0] for row in found["TN"]], [row[0] for row in found["QN"]]
    # The queue is the station that holds messages; its wait follows from Little's law.
    length, rate = max(zip(lengths, rates))
    print(length / rate - 1.0)


main(int(sys.argv[1]), int(sys.argv[2]))
