"""Ciw: one node; it keeps a record of each customer."""
import sys

import ciw


def main(servers, messages):
    law = ciw.dists.Exponential
    network = ciw.create_network(
        arrival_distributions=[law(0.9 * servers)], service_distributions=[law(1.0)], number_of_servers=[servers])
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(messages, method="Finish")
    waits = [record.waiting_time for record in simulation.get_all_records(only=["service"])]
    print(sum(waits) / len(waits))


main(int(sys.argv[1]), int(sys.argv[2]))
