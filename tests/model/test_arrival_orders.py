"""32 hosts of the production membership whose frames arrive in shuffled orders: one map each epoch, and each of them the model's."""

import functools
import json
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import assignment
import probe

SEEDS, ROUNDS = 20, 2
HOSTS = 32


@functools.cache
def play():
    """The published maps and the last line of each seed."""
    command = [probe.build() / "tests/model/arrival-orders", str(SEEDS), str(ROUNDS)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    if run.returncode not in (0, 1) or not lines:
        raise AssertionError(f"arrival-orders ended with exit status {run.returncode}: {run.stderr}")
    return [line for line in lines if "epoch" in line], [line for line in lines if "one_map_each" in line]


class ArrivalOrders(unittest.TestCase):
    def test_no_epoch_has_two_maps_and_every_change_ends_converged(self):
        _, seeds = play()
        self.assertEqual(len(seeds), SEEDS)
        for seed in seeds:
            self.assertTrue(seed["one_map_each"] and seed["converged"], str(seed))
            self.assertGreater(seed["adoptions"], 2 * HOSTS, str(seed))

    def test_32_hosts_that_boot_in_any_order_get_the_same_first_map(self):
        maps, _ = play()
        first = [line for line in maps if line["epoch"] == 1]
        self.assertEqual([len(line["offers"]) for line in first], [HOSTS] * SEEDS)
        self.assertEqual(len({json.dumps(line["after"]) for line in first}), 1)

    def test_every_published_map_is_the_models_and_moves_the_least(self):
        maps, _ = play()
        self.assertGreater(len(maps), SEEDS * ROUNDS)
        for line in maps:
            offers = [{int(host): slots[slot] for host, slots in line["offers"].items()} for slot in range(3)]
            multiple, *singles = line["after"]
            before = line["before"][0]
            where = f"seed {line['seed']} epoch {line['epoch']}"
            self.assertEqual(multiple, assignment.assign(offers[0], before), where)
            self.assertEqual(singles, [assignment.assign_single(offers[1]), assignment.assign_single(offers[2])], where)
            least = assignment.least_movement(assignment.shares(offers[0], before), before)
            self.assertEqual(assignment.moved(before, multiple), least, where)


if __name__ == "__main__":
    tap.main()
