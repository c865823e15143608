#!/usr/bin/env python3
"""What queuelab and the tools that people use say of one server: the highest rate, latency at half of it, and a server that stands still.

    . target/brokers/rabbitmq/env && benches/peers/brokers.py rabbitmq     # also nats, redis, kafka

Rates are found in turns, theirs, ours, ours, theirs. The stall: 10 s at a low rate, in which the server is stopped for 200 ms (SIGSTOP).
Needs `queuelab` in target/release (with `--features brokers,kafka`), or where $QUEUELAB says, and
  rabbitmq  $PERF_TEST, a folder with the jars of com.rabbitmq:perf-test
  nats      $NATS, the program `nats` (go install github.com/nats-io/natscli/nats@latest)
  redis     redis-benchmark
  kafka     $KAFKA_TOOLS, a folder with the jars of org.apache.kafka:kafka-tools
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import unquote, urlsplit

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = os.environ.get("QUEUELAB", ROOT / "target/release/queuelab")
SECONDS, WINDOW, SIZE = 10, 100, 100
SLOW, STALL = 500, 0.2


def said(command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return done.stdout + done.stderr


def found(pattern, text, which=0):
    every = re.findall(pattern, text)
    if not every:
        sys.exit(f"no {pattern} in:\n{text[-2000:]}")
    return every[which]


def url():
    return os.environ[f"QUEUELAB_{TARGET.upper()}_URL"]


def java(folder, name, *words):
    return ["java", "-Xmx256m", "-cp", f"{folder}/*", name, *words]


# Each tool: (messages a second as fast as it can, and for how many sent at a rate: percentiles in ms by its own account).


def perf_test(rate=None):
    limit = ["-r", int(rate)] if rate else []
    words = ["--uri", url(), "-x", 1, "-y", 1, "-s", SIZE, "-c", WINDOW, "-q", WINDOW, "-z", SECONDS, "--auto-delete", "true", "-u", "perf-test", *limit]
    text = said(java(os.environ["PERF_TEST"], "com.rabbitmq.perf.PerfTest", *words))
    latency = found(r"consumer latency min/median/75th/95th/99th (\S+) ", text, -1).split("/")
    return float(found(r"receiving rate avg: (\d+)", text)), {"p50": float(latency[1]) / 1e3, "p99": float(latency[4]) / 1e3}


def nats(rate=None):
    if rate:
        words = ["latency", "--server-b", url(), "--size", SIZE, "--rate", int(rate), "--duration", f"{SECONDS}s"]
        text = said([os.environ["NATS"], "--server", url(), *words])
        unit = lambda word: float(re.sub("[a-zµ]+", "", word)) * (1e-3 if "µ" in word else 1 if "ms" in word else 1e3)
        return rate, {"p50": unit(found(r" 50: +(\S+)", text)), "p99": unit(found(r" 99: +(\S+)", text)), "max": unit(found(r" 100: +(\S+)", text))}
    tool, count = [os.environ["NATS"], "--server", url()], 200_000
    common = ["--stream", "queuelab-peers", "--msgs", count, "--size", SIZE, "--no-progress"]
    said([*tool, "stream", "add", "queuelab-peers", "--subjects", "queuelab-peers", "--storage", "memory", "--max-bytes", "100MB", "--defaults"])
    consumer = subprocess.Popen([str(w) for w in [*tool, "bench", "js", "fetch", *common, "--batch", WINDOW]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    said([*tool, "bench", "js", "pub", "async", "queuelab-peers", *common, "--batch", WINDOW])
    text = consumer.communicate()[0]
    said([*tool, "stream", "rm", "-f", "queuelab-peers"])
    return float(found(r"stats: ([\d,]+) msgs/sec", text).replace(",", "")), {}


def redis(rate=None):
    at = urlsplit(url())
    words = ["-h", at.hostname, "-p", at.port, "--user", at.username, "-a", unquote(at.password), "-c", 1, "-n", 100_000]
    text = said(["redis-benchmark", *words, "xadd", "queuelab-peers", "MAXLEN", "~", "1000", "*", "d", "x" * SIZE])
    said(["redis-cli", "-h", at.hostname, "-p", at.port, "--user", at.username, "-a", unquote(at.password), "del", "queuelab-peers"])
    return float(found(r"throughput summary: (\S+)", text)), {"p50": float(found(r"p50 .*\n +\S+ +\S+ +(\S+)", text)), "p99": float(found(r"p99 .*\n +\S+ +\S+ +\S+ +\S+ +(\S+)", text))}


def kafka(rate=None):
    at = urlsplit(url())
    place = f"{at.hostname}:{at.port}"
    count = int(SECONDS * rate) if rate else 500_000
    with tempfile.NamedTemporaryFile("w", suffix=".properties") as login:
        if at.username:
            module = "org.apache.kafka.common.security.plain.PlainLoginModule"
            words = f'username="{at.username}" password="{unquote(at.password)}"'
            login.write(f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config={module} required {words};\n")
            login.flush()
        topics = lambda *words: said(java(os.environ["KAFKA_TOOLS"], "org.apache.kafka.tools.TopicCommand", "--bootstrap-server", place, "--command-config", login.name, *words, "--topic", "queuelab-peers"))
        topics("--create", "--partitions", 1, "--replication-factor", 1)
        words = ["--topic", "queuelab-peers", "--num-records", count, "--record-size", SIZE, "--throughput", int(rate) if rate else -1]
        props = ["--producer.config", login.name, "--producer-props", f"bootstrap.servers={place}", "acks=all", "linger.ms=0"]
        text = said(java(os.environ["KAFKA_TOOLS"], "org.apache.kafka.tools.ProducerPerformance", *words, *props))
        topics("--delete")
    # The last line is of the whole run.
    line = found(r"records sent, (\S+) records/sec.*?(\S+) ms max latency, (\d+) ms 50th, \d+ ms 95th, (\d+) ms 99th", text, -1)
    return float(line[0].replace(",", ".")), {"p50": float(line[2]), "p99": float(line[3]), "max": float(line[1])}


SCENARIO = """
[producers.web]
to = "jobs"
rate = "{rate}/s"
arrivals = "periodic"
size = "{size}B"
[queues.jobs]
[consumers.workers]
from = "jobs"
service_time = "0s"
{prefetch}
[measurement]
target = "{target}"
duration = "{seconds}s"
"""


def held():
    return [] if TARGET == "kafka" else ["--prefetch", WINDOW]


def ours_highest():
    words = [PROGRAM, "bench", TARGET, *held(), "--size", f"{SIZE}B", "--json", "--at", "0.5"]
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if not done.stdout:
        sys.exit(done.stderr)
    return json.loads(done.stdout)["targets"][0]["highest"] or 0


def ours(rate):
    prefetch = "" if TARGET == "kafka" else f"prefetch = {WINDOW}"
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(SCENARIO.format(rate=f"{rate:g}", size=SIZE, prefetch=prefetch, target=TARGET, seconds=SECONDS))
        file.flush()
        done = subprocess.run([str(PROGRAM), "run", file.name, "--only", "measurement", "--json"], capture_output=True, text=True)
    if not done.stdout:
        sys.exit(done.stderr)
    document = json.loads(done.stdout)
    measured = next(a for a in document["answers"] if a["method"] == "measurement")
    figures = {}
    for quantity, name in (("total.latency", ""), ("queues.jobs.confirm", "confirm ")):
        for statistic in ("p50", "p99", "max"):
            told = measured["metrics"].get(f"{quantity}.{statistic}", {}).get("value")
            if told is not None:
                figures[name + statistic] = 1000 * told
    failed = ", ".join(gate["name"] for gate in measured["gates"] if gate["trust"].lower() != "valid")
    return figures, measured["trust"] + (f": {failed}" if failed else "")


def stalled(after, measured):
    """Runs a measurement during which the server stands still once."""
    pid = int(os.environ[f"QUEUELAB_{TARGET.upper()}_PID"])

    def stall():
        time.sleep(after)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(STALL)
        os.kill(pid, signal.SIGCONT)

    thread = threading.Thread(target=stall)
    thread.start()
    out = measured()
    thread.join()
    return out


def line(figures):
    return ", ".join(f"{name} {value:.2f}" for name, value in figures.items())


def main():
    theirs = {"rabbitmq": perf_test, "nats": nats, "redis": redis, "kafka": kafka}[TARGET]
    first, one, two, last = theirs()[0], ours_highest(), ours_highest(), theirs()[0]
    low, high = sorted((one, two)), sorted((first, last))
    print(f"| {TARGET} | highest, messages/s | {high[0]:,.0f} to {high[1]:,.0f} | {low[0]:,.0f} to {low[1]:,.0f} |", flush=True)
    half = float(f"{min(low[0], high[0]) / 2:.2g}")
    figures, trust = ours(half)
    print(f"| {TARGET} | latency at {half:,.0f}/s, ms | {line(theirs(half)[1])} | {line(figures)} ({trust}) |", flush=True)
    # In the middle of both: ours has a warm-up before its run.
    one, (two, trust) = stalled(5, lambda: theirs(SLOW)[1]), stalled(6, lambda: ours(SLOW))
    print(f"| {TARGET} | {SLOW}/s, the server stopped for {1000 * STALL:.0f} ms, ms | {line(one)} | {line(two)} ({trust}) |", flush=True)


TARGET = sys.argv[1] if len(sys.argv) == 2 else sys.exit(__doc__)
main()
