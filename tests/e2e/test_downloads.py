"""Long downloads through changes drawn from a seed: the short form of `scripts/lab/run downloads`, which does 1,000 and 100 of them."""

import lab_case
from lab import endurance

DOWNLOADS = 150
CHANGES = 14
SEED = 1


class LongDownloads(lab_case.LabCase):
    OPTIONS = {"clients": endurance.CLIENTS, "cluster_keys": endurance.CLUSTER_KEYS}

    def test_none_is_reset_and_none_pauses_on_hosts_that_nothing_befell(self):
        trial = endurance.Endurance(self.lab, self.story.screen)
        trial.run(DOWNLOADS, CHANGES, SEED)
        self.assertEqual([], trial.broken)
        self.assertGreater(trial.figures["moved_buckets"], 60)
        self.assertGreater(trial.figures["kept_by_descriptor"], DOWNLOADS // 10, "the buckets of many have moved away")


if __name__ == "__main__":
    lab_case.main()
