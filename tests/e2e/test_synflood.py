"""A flood of SYNs against full connection tables, and downloads through it: the short form of `scripts/lab/run synflood`.

It is paced, so that other tests may run beside; the command sends as fast as one core can.
"""

import lab_case
from lab import synflood

RATE = 15_000
SECONDS = 6
DOWNLOADS = 60


class FloodOfSyns(lab_case.LabCase):
    OPTIONS = {"clients": synflood.CLIENTS, "cluster_keys": synflood.cluster_keys(synflood.CONNECTIONS), "host_keys": synflood.host_keys(3)}

    def test_established_connections_keep_their_descriptors_and_half_open_ones_stay_bounded(self):
        trial = synflood.SynFlood(self.lab, self.story.screen, synflood.CONNECTIONS)
        trial.run(DOWNLOADS, "100k", RATE, SECONDS)
        self.assertEqual([], trial.broken)
        self.assertEqual(3, trial.figures["full_tables"])
        self.assertGreater(trial.figures["half_open_evicted"], 10_000)
        self.assertGreater(trial.figures["goodput_share"], 0.8)


if __name__ == "__main__":
    lab_case.main()
