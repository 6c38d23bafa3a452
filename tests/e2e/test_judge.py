"""What the judge of captures calls a double answer, a span without an answer, a cut connection; and what events a seed draws.

No lab, no root: segments are made up here.
"""

import pathlib
import struct
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
for folder in (TESTS / "support", TESTS.parent / "scripts"):
    sys.path.insert(0, str(folder))

import tap
from lab import capture, chaos_plan, judge, lateness

CLIENT = bytes([198, 51, 100, 7])
SYN, SYN_ACK, RST, FIN = judge.SYN, judge.SYN | judge.ACK, judge.RST, judge.FIN | judge.ACK


def sent(time, sequence, port=1024, flags=SYN, stamp=None):
    return judge.Segment(time, None, CLIENT, port, flags, sequence, 0, stamp)


def answered(time, host, sequence, port=1024, flags=SYN_ACK, stamp=None):
    return judge.Segment(time, host, CLIENT, port, flags, 0, (sequence + 1) & 0xFFFFFFFF, stamp)


def fed(judge_of, *segments):
    for segment in segments:
        judge_of.feed(segment)
    return judge_of


class Answers(unittest.TestCase):
    def test_one_answer_is_none_too_many(self):
        answers = fed(judge.Answers(), sent(0.0, 5), answered(0.001, "edge1", 5), answered(1.0, "edge1", 5))
        self.assertEqual([], answers.doubles)
        self.assertEqual((1, 1), (answers.transmissions, answers.answered))

    def test_two_hosts_that_answer_one_syn_are_found(self):
        answers = fed(judge.Answers(), sent(0.0, 5), answered(0.001, "edge1", 5), answered(0.002, "edge2", 5))
        self.assertEqual([["edge1", "edge2"]], [double.hosts for double in answers.doubles])

    def test_a_reset_is_an_answer_too(self):
        answers = fed(judge.Answers(), sent(0.0, 5), answered(0.001, "edge1", 5), answered(0.002, "edge2", 5, flags=RST | judge.ACK))
        self.assertEqual(1, len(answers.doubles))

    def test_a_successor_may_answer_a_repeated_syn_whose_first_answer_was_lost(self):
        answers = fed(judge.Answers(), sent(0.0, 5), answered(0.001, "edge1", 5), sent(1.0, 5), answered(1.001, "edge2", 5))
        self.assertEqual([], answers.doubles)

    def test_two_hosts_that_answer_a_repeated_syn_are_found(self):
        answers = fed(judge.Answers(), sent(0.0, 5), sent(1.0, 5), answered(1.001, "edge2", 5), answered(1.002, "edge1", 5))
        self.assertEqual(1, len(answers.doubles))

    def test_a_late_answer_belongs_to_the_transmission_whose_time_stamp_it_echoes(self):
        repeated = (sent(0.0, 5, stamp=70), sent(1.0, 5, stamp=80), answered(1.001, "edge2", 5, stamp=80))
        self.assertEqual([], fed(judge.Answers(), *repeated, answered(1.002, "edge1", 5, stamp=70)).doubles)
        self.assertEqual(1, len(fed(judge.Answers(), *repeated, answered(1.002, "edge1", 5, stamp=80)).doubles))
        first_too = (answered(0.5, "edge1", 5, stamp=70), answered(1.002, "edge1", 5, stamp=80))
        self.assertEqual(1, len(fed(judge.Answers(), repeated[0], first_too[0], *repeated[1:], first_too[1]).doubles))

    def test_the_last_sequence_number_wraps(self):
        answers = fed(judge.Answers(), sent(0.0, 0xFFFFFFFF), answered(0.1, "edge1", 0xFFFFFFFF), answered(0.2, "edge3", 0xFFFFFFFF))
        self.assertEqual(1, len(answers.doubles))


class Windows(unittest.TestCase):
    def probed(self, *hosts):
        """A SYN each 10 ms, answered by these hosts in turn (None: nobody), and by the last one for a while longer."""
        windows = judge.Windows([CLIENT], 2000)
        for turn, host in enumerate([*hosts, *[hosts[-1]] * 20]):
            windows.feed(sent(turn * 0.01, turn))
            if host:
                windows.feed(answered(turn * 0.01 + 0.001, host, turn))
        windows.finish()
        return windows

    def test_a_client_that_is_always_answered_by_one_host_has_no_window(self):
        self.assertEqual([], self.probed("a", "a", "a").windows)

    def test_a_change_of_hosts_that_costs_nothing_counts_as_a_move_of_no_duration(self):
        (window,) = self.probed("a", "a", "b", "b").windows
        self.assertEqual(("a", "b", 0, 0.0), (window.before, window.after, window.lost, window.milliseconds()))

    def test_a_window_lasts_from_the_first_lost_syn_to_the_next_answered_one(self):
        (window,) = self.probed("a", None, None, None, "b").windows
        self.assertEqual(3, window.lost)
        self.assertAlmostEqual(30, window.milliseconds())

    def test_a_gap_without_a_change_of_hosts_counts(self):
        self.assertEqual(1, len(self.probed("a", None, "a").windows))

    def test_who_is_never_answered_again_is_named(self):
        windows = self.probed("a", None)
        self.assertEqual([], windows.windows)
        self.assertEqual({CLIENT: 0.01}, windows.never_ended)

    def test_a_late_answer_is_an_answer(self):
        windows = judge.Windows([CLIENT], 2000)
        for segment in (sent(0.0, 1), answered(0.001, "a", 1), sent(0.01, 2), sent(0.02, 3), answered(0.3, "a", 2), answered(0.3, "a", 3)):
            windows.feed(segment)
        windows.finish()
        self.assertEqual([], windows.windows)

    def test_ordinary_clients_are_not_followed(self):
        windows = judge.Windows([CLIENT], 2000)
        windows.feed(sent(0.0, 1, port=2000))
        windows.finish()
        self.assertEqual({}, windows.never_ended)


class Cuts(unittest.TestCase):
    PORT = 5000

    def after(self, *segments):
        opened = (sent(0.0, 5, self.PORT), answered(0.001, "edge1", 5, self.PORT))
        return fed(judge.Cuts(2000), *opened, *segments)

    def host(self, time, host, flags):
        return judge.Segment(time, host, CLIENT, self.PORT, flags, 0, 0)

    def client(self, time, flags):
        return judge.Segment(time, None, CLIENT, self.PORT, flags, 0, 0)

    def test_a_reset_in_the_middle_is_a_cut_whoever_says_it(self):
        for host in ("edge1", "edge2"):
            (cut,) = self.after(self.host(1.0, host, RST)).cuts
            self.assertEqual(("edge1", host, 0.001, 1.0), (cut.owner, cut.by, cut.since, cut.time))

    def test_a_reset_after_both_have_said_fin_is_none(self):
        cuts = self.after(self.host(0.5, "edge1", FIN), self.client(0.6, FIN), self.host(0.7, "edge2", RST))
        self.assertEqual([], cuts.cuts)

    def test_a_client_may_reset(self):
        self.assertEqual([], self.after(self.client(0.5, RST), self.host(0.6, "edge2", RST)).cuts)

    def test_probes_are_no_connections(self):
        cuts = fed(judge.Cuts(2000), sent(0.0, 5), answered(0.1, "edge1", 5), answered(0.2, "edge1", 5, flags=RST))
        self.assertEqual((0, []), (cuts.connections, cuts.cuts))


class Reading(unittest.TestCase):
    def test_segments_know_their_sender_and_the_client(self):
        def frame(port, source, destination, source_port, destination_port, flags):
            tcp = struct.pack(">HHIIBBHHH", source_port, destination_port, 100, 200, 5 << 4, flags, 0, 0, 0)
            packet = struct.pack(">BBHHHBBH", 0x45, 0, 40, 0, 0, 64, 6, 0) + source + destination + tcp
            return capture.Frame(1.5, port, b"", 0x0800, packet)

        vip = bytes([192, 0, 2, 80])
        frames = [frame("clients", CLIENT, vip, 4000, 80, SYN), frame("edge2", vip, CLIENT, 80, 4000, SYN_ACK)]
        frames.append(frame("clients", CLIENT, vip, 4000, 443, SYN))
        found = [(one.host, one.client, one.client_port, one.flags, one.sequence, one.acknowledged) for one in judge.segments(frames)]
        self.assertEqual([(None, CLIENT, 4000, SYN, 100, 200), ("edge2", CLIENT, 4000, SYN_ACK, 100, 200)], found)

    def test_time_stamps_are_found_behind_other_options(self):
        options = bytes([2, 4, 5, 0xB4, 4, 2, 8, 10]) + struct.pack(">II", 77, 99) + bytes([1, 3, 3, 7])
        for port, ports, flags, stamp in (("clients", (4000, 80), SYN, 77), ("edge2", (80, 4000), SYN_ACK, 99)):
            tcp = struct.pack(">HHIIBBHHH", *ports, 100, 200, 10 << 4, flags, 0, 0, 0) + options
            packet = struct.pack(">BBHHHBBH", 0x45, 0, 60, 0, 0, 64, 6, 0) + CLIENT * 2 + tcp
            (segment,) = judge.segments([capture.Frame(1.5, port, b"", 0x0800, packet)])
            self.assertEqual(stamp, segment.stamp)

    def test_percentiles_are_nearest_ranks(self):
        self.assertEqual([50, 99, 100], [judge.percentile(range(1, 101), percent) for percent in (50, 99, 100)])
        self.assertEqual(7, judge.percentile([7], 99))
        self.assertIsNone(judge.percentile([], 50))


class Plan(unittest.TestCase):
    def test_a_seed_draws_the_same_events_again_and_another_seed_others(self):
        first, again, other = (chaos_plan.draw(seed, 50, 3, 0.5, False) for seed in (4, 4, 5))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_a_longer_run_begins_like_a_shorter_one(self):
        self.assertEqual(chaos_plan.draw(4, 20, 3, 0.5, False), chaos_plan.draw(4, 60, 3, 0.5, False)[:20])

    def test_two_hundred_events_are_of_every_kind_that_the_partition_mode_allows(self):
        kinds = {event.kind for event in chaos_plan.draw(1, 200, 3, 0.5, True)}
        self.assertEqual(set(chaos_plan.BY_NAME), kinds)
        under_serve = {event.kind for event in chaos_plan.draw(1, 200, 3, 0.5, False)}
        self.assertEqual({kind.name for kind in chaos_plan.KINDS if not kind.majority_only}, under_serve)

    def test_the_network_of_at_most_one_host_is_disturbed_at_a_time(self):
        for event in chaos_plan.draw(1, 500, 3, 0.5, False):
            if event.second:
                self.assertIn(event.second.kind, chaos_plan.SECOND)
                self.assertNotEqual(event.host, event.second.host)


class Lateness(unittest.TestCase):
    def test_a_time_in_which_two_processors_stood_still_counts_once(self):
        spans = [(1.0, 1.5), (1.2, 1.4), (1.4, 2.0), (3.0, 3.25)]
        self.assertAlmostEqual(1.25, lateness.overlap(spans, 0.5, 4.0))

    def test_only_what_lies_inside_the_span_counts(self):
        self.assertAlmostEqual(0.5, lateness.overlap([(1.0, 2.0)], 1.5, 4.0))
        self.assertEqual(0.0, lateness.overlap([(1.0, 2.0)], 2.0, 4.0))


if __name__ == "__main__":
    tap.main()
