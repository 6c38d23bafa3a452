"""All golden cases of frames from outside, in the order in which one capture plays them.
Their numbers are their places here; a new case goes to the end of its list.
"""

import cases_flows
import cases_fragments
import cases_neighbours
import cases_remote
import cases_sanity
import cases_sessions
import cases_sticky

CASES = cases_flows.CASES + cases_sanity.CASES + cases_neighbours.CASES + cases_fragments.CASES + cases_sessions.CASES
CASES += cases_sticky.CASES + cases_remote.CASES
FRAMES = [step.frame for case in CASES for step in case.steps]
