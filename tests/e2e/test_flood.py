"""200,000 forged, garbled and recorded cluster frames change nothing; `scripts/lab/run flood` sends the whole million."""

import lab_case
from lab import chaos, flood

FRAMES = 200_000


class AFlood(lab_case.LabCase):
    OPTIONS = {"clients": chaos.CLIENTS, "cluster_keys": chaos.cluster_keys("serve")}

    def test_members_hear_one_another_through_it_and_each_frame_is_counted(self):
        before = self.lab.settle()
        trial = flood.Flood(self.lab, self.story.screen)
        trial.run(FRAMES, "mixed")
        self.assertEqual([], trial.broken)
        for host in trial.figures["hosts"].values():
            self.assertGreater(host["shed"], 0)
            self.assertGreater(sum(host["refused"].values()), 0, "some are named by reason")
        self.assertEqual(before, self.lab.settle())


if __name__ == "__main__":
    lab_case.main()
