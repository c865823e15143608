"""SimPy: a process for each customer, servers as a Resource."""
import random
import sys

import simpy


def main(servers, messages):
    env, draw, waited = simpy.Environment(), random.Random(1), 0.0
    resource = simpy.Resource(env, servers)

    def customer():
        nonlocal waited
        arrived = env.now
        with resource.request() as turn:
            yield turn
            waited += env.now - arrived
            yield env.timeout(draw.expovariate(1.0))

    def source():
        for _ in range(messages):
            yield env.timeout(draw.expovariate(0.9 * servers))
            env.process(customer())

    env.process(source())
    env.run()
    print(waited / messages)


main(int(sys.argv[1]), int(sys.argv[2]))
