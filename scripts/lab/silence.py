"""Cases of two hosts on a wire that nobody else uses. Expected: the death of one is a death, not the deafness of the other."""

import time

from . import plan, system, traffic
from .capture import Capture
from .stranger import Case

PROBE_SECONDS = 2.0
POLL_SECONDS = 0.02


class SilentPair(Case):
    """The router answers ARP and says nothing of its own."""

    NAME = "silent-pair"
    TITLE = "one of two hosts on a silent wire dies"
    HOSTS = 2
    SECONDS = 20.0
    QUIET = "type not 806"
    VICTIM = "edge1"
    RESETS = 0

    def tell(self, options):
        survivor, victim = self.lab.host("edge2"), self.lab.host(self.VICTIM)
        with self.switch.rules("quiet", f"clients in {self.QUIET} drop"):
            time.sleep(5 * self.silence)
            with Capture(self.lab, "silence") as capture:
                self.at = time.time()
                victim.kill()
                self.serving = self.wait_for(survivor)
        self.asked = {}
        self.judge_survivor(survivor)
        self.first_answers(survivor)
        del capture

    def wait_for(self, survivor):
        """Seconds until the survivor owns everything and its lease runs; None when it takes too long."""

        def serves():
            answer = survivor.query()
            cluster = answer and answer["clusters"][0]
            own = cluster and {rule["name"]: rule["own"] for rule in cluster["rules"]}
            return own and own[plan.RULE] == 60 and self.owns(cluster)

        try:
            system.wait_until(serves, self.seconds, "the survivor", interval=POLL_SECONDS)
        except system.LabError:
            return None
        return time.time() - self.at

    def owns(self, cluster):
        """Beside the map: what `nlb query` says of its lease."""
        return cluster["fence_remaining_ms"] > 0 and not cluster["deaf"]

    def promised_seconds(self):
        return self.limit_ms / 1000

    def judge_survivor(self, survivor):
        log = survivor.controlplane.log.read_text()
        resets = sum(" name=reset " in line for line in log.splitlines())
        self.promise(" name=asks_witnesses " in log, "the survivor asks witnesses before it believes itself deaf")
        self.figures.update(serving_after_s=self.serving and round(self.serving, 3), resets=resets)
        late = 0.1  # a query, and a poll
        said = "never" if self.serving is None else f"{self.serving:.2f} s after the death"
        bound = self.promised_seconds()
        kept = self.serving is not None and self.serving <= bound + late
        self.promise(kept, f"the survivor has the map {said} (promised: {bound:.2f} s), silent wire")

    def first_answers(self, survivor):
        """The very first SYN of each client is answered."""
        addresses = self.lab.plan.client_addresses()
        with Capture(self.lab, "after") as capture:
            with traffic.Load(self.lab, "after", 100, 200, sources=addresses) as load:
                load.wait(60)
        del capture
        results = load.results()
        failed, slow = traffic.failed(results), traffic.slow(results)
        self.figures.update(requests=len(results), failed=len(failed), slow=len(slow))
        self.promise(not failed and not slow, f"{len(results)} requests then, {len(failed)} failed, {len(slow)} slower than 0.5 s")
        events = survivor.controlplane.log.read_text()
        resets = sum(" name=reset " in line for line in events.splitlines())
        self.promise(resets == self.RESETS, f"the survivor reset {resets} times (promised: {self.RESETS})")


class SilentAlone(SilentPair):
    """Not even the router answers: the survivor cannot tell itself from a deaf host. It takes the map, and serves from the first frame
    on, once it has listened for whoever else is there (docs/protocol.md, R12)."""

    NAME = "silent-alone"
    TITLE = "one of two hosts dies on a wire where nobody answers"
    QUIET = ""
    RESETS = 1

    def owns(self, cluster):
        return cluster["deaf"]

    def promised_seconds(self):
        return self.limit_ms / 1000 + 2 * self.silence + 0.5


CASES = (SilentPair, SilentAlone)
