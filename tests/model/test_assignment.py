"""core's target assignment against the model: pinned shares, random cases, ten thousand changes that move the least, any order of input."""

import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
import tap

import assignment
import probe

HOSTS_MAX = 32
WEIGHT_MAX = 100
CHANGES = 10_000
# Weights, and the buckets of each host counted by hand; nothing is held before.
PINNED = [
    ({1: 30, 2: 60}, {1: 20, 2: 40}),
    ({1: 70, 2: 30}, {1: 42, 2: 18}),
    ({4: 50, 9: 50, 30: 50}, {4: 20, 9: 20, 30: 20}),
    ({1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1}, {1: 9, 2: 9, 3: 9, 4: 9, 5: 8, 6: 8, 7: 8}),
    ({1: 0, 2: 100}, {1: 0, 2: 60}),
    ({5: 1, 6: 100, 7: 100}, {5: 0, 6: 30, 7: 30}),
    (dict.fromkeys(range(1, 33), 100), {host: 2 if host <= 28 else 1 for host in range(1, 33)}),
    ({1: 0, 2: 0}, {1: 0, 2: 0}),
]


def weight(chance):
    return 0 if chance.random() < 0.1 else chance.randint(0, WEIGHT_MAX)


def random_offers(chance, weights=weight):
    hosts = chance.sample(range(1, HOSTS_MAX + 1), chance.randint(1, HOSTS_MAX))
    return {host: weights(chance) for host in hosts}


def random_holding(chance):
    """Anything that a map may have come to: of few or many hosts, some gone, some buckets nobody's."""
    holders = chance.sample(range(1, HOSTS_MAX + 1), chance.randint(1, HOSTS_MAX)) + [assignment.NOBODY] * chance.randint(0, 2)
    return [chance.choice(holders) for _ in range(assignment.BUCKETS)]


def changed(chance, offers):
    """One to four hosts come, go or get another weight; never the last one goes."""
    offers = dict(offers)
    for _ in range(chance.randint(1, 4)):
        host = chance.randint(1, HOSTS_MAX)
        if host in offers and len(offers) > 1 and chance.random() < 0.5:
            del offers[host]
        else:
            offers[host] = weight(chance)
    return offers


class Assignment(unittest.TestCase):
    def agree(self, mode, cases):
        """`cases` are pairs of offers and holding; answers what core said to each, after comparing it with the model."""
        answers = probe.ask([probe.map_question(mode, offers, holding) for offers, holding in cases])
        for (offers, holding), (owners, _) in zip(cases, answers):
            expected = assignment.assign(offers, holding) if mode == "multiple" else assignment.assign_single(offers)
            self.assertEqual(owners, expected, f"{mode} {offers} {holding}")
        return answers

    def test_the_shares_that_were_counted_by_hand_hold(self):
        nobody = [assignment.NOBODY] * assignment.BUCKETS
        answers = self.agree("multiple", [(offers, nobody) for offers, _ in PINNED])
        for (offers, counts), (owners, _) in zip(PINNED, answers):
            self.assertEqual({host: owners.count(host) for host in offers}, counts)

    def test_20000_random_cases_of_1_to_32_hosts_agree(self):
        chance = random.Random(1)
        self.agree("multiple", [(random_offers(chance), random_holding(chance)) for _ in range(10_000)])
        few = [(random_offers(chance, lambda c: c.randint(0, 3)), random_holding(chance)) for _ in range(10_000)]
        self.agree("multiple", few)  # small weights: here fractions tie

    def test_5000_random_cases_of_mode_single_agree(self):
        chance = random.Random(2)
        self.agree("single", [(random_offers(chance, lambda c: c.randint(0, 33)), random_holding(chance)) for _ in range(5_000)])

    def test_10000_changes_of_weights_and_members_move_exactly_the_least(self):
        chance = random.Random(3)
        offers, owners = {1: 100}, [assignment.NOBODY] * assignment.BUCKETS
        cases = []
        for _ in range(CHANGES):
            cases.append((offers, owners))
            owners = assignment.assign(offers, owners)
            offers = changed(chance, offers)
        for number, ((offers, holding), (_, moved)) in enumerate(zip(cases, self.agree("multiple", cases))):
            least = assignment.least_movement(assignment.shares(offers, holding), holding)
            self.assertEqual(moved, least, f"change {number}: {offers} {holding}")

    def test_the_models_least_is_what_a_search_finds(self):
        chance = random.Random(4)
        for _ in range(300):
            offers, holding = random_offers(chance), random_holding(chance)
            share = assignment.shares(offers, holding)
            self.assertEqual(assignment.least_movement(share, holding), assignment.fewest_changes(share, holding), f"{offers} {holding}")

    def test_the_inputs_of_32_hosts_give_one_map_in_any_order(self):
        chance = random.Random(5)
        for _ in range(20):
            offers, holding = {host: weight(chance) for host in range(1, HOSTS_MAX + 1)}, random_holding(chance)
            orders = [dict(chance.sample(list(offers.items()), HOSTS_MAX)) for _ in range(20)]
            maps = self.agree("multiple", [(order, holding) for order in orders])
            self.assertEqual(len({tuple(owners) for owners, _ in maps}), 1, str(offers))


if __name__ == "__main__":
    tap.main()
