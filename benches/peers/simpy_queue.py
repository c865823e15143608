"""SimPy: a process for each customer, servers as Resources."""
import random
import sys

import simpy

# Arrivals a second, stations, servers, priorities.
WORKS = {"one": (0.9, 1, 1, 1), "four": (3.6, 1, 4, 1), "tandem": (0.8, 3, 1, 1), "priorities": (0.8, 1, 1, 2)}


def main(work, messages):
    rate, stations, servers, priorities = WORKS[work]
    env, draw, waited = simpy.Environment(), random.Random(1), 0.0
    kind = simpy.PriorityResource if priorities > 1 else simpy.Resource
    resources = [kind(env, servers) for _ in range(stations)]

    def customer(urgency):
        nonlocal waited
        for resource in resources:
            arrived = env.now
            with resource.request(*urgency) as turn:
                yield turn
                waited += env.now - arrived
                yield env.timeout(draw.expovariate(1.0))

    def source():
        for _ in range(messages):
            yield env.timeout(draw.expovariate(rate))
            env.process(customer((draw.randrange(priorities),) if priorities > 1 else ()))

    env.process(source())
    env.run()
    print(waited / messages)


main(sys.argv[1], int(sys.argv[2]))
