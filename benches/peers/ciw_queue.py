"""Ciw: a node for each queue; it keeps a record of each customer."""
import sys

import ciw

Exp = ciw.dists.Exponential


def network(work):
    if work == "tandem":
        return ciw.create_network(
            arrival_distributions=[Exp(0.8), None, None], service_distributions=[Exp(1.0)] * 3, number_of_servers=[1] * 3,
            routing=[[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    if work == "priorities":
        return ciw.create_network(
            arrival_distributions={"urgent": [Exp(0.4)], "usual": [Exp(0.4)]},
            service_distributions={"urgent": [Exp(1.0)], "usual": [Exp(1.0)]},
            priority_classes={"urgent": 0, "usual": 1}, number_of_servers=[1])
    servers = {"one": 1, "four": 4}[work]
    return ciw.create_network(
        arrival_distributions=[Exp(0.9 * servers)], service_distributions=[Exp(1.0)], number_of_servers=[servers])


def main(work, messages):
    ciw.seed(1)
    simulation = ciw.Simulation(network(work))
    simulation.simulate_until_max_customers(messages, method="Finish")
    waits = [record.waiting_time for record in simulation.get_all_records(only=["service"])]
    print(sum(waits) / len(waits) * (3 if work == "tandem" else 1))


main(sys.argv[1], int(sys.argv[2]))
