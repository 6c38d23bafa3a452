#include "controlplane/agent/cause_words.hpp"

#include "config/format.hpp"

namespace nlb::controlplane {
namespace {

std::string to_text(const FrameVersions& versions) {
    const std::string newest = std::to_string(unsigned{versions.newest});
    return versions.least == versions.newest
               ? newest
               : std::to_string(unsigned{versions.least}) + " to " + newest;
}

}  // namespace

std::string_view words_of(ResetCause cause) {
    switch (cause) {
        case ResetCause::none:
            return "";
        case ResetCause::tables_of_unknown_origin:
            return "the dataplane serves by tables of unknown origin";
        case ResetCause::lapsed_while_away:
            return "the lease lapsed while the control plane was away";
        case ResetCause::lease_lapsed:
            return "the lease lapsed";
        case ResetCause::unacknowledged:
            return "no peer acknowledges what this host sends";
        case ResetCause::link_down:
            return "the link is down";
        case ResetCause::deaf:
            return "no frame of any kind arrives: this host is deaf";
        case ResetCause::split_brain:
            return "two clusters met";
        case ResetCause::buried:
            return "the others took this host for dead while it stood still";
        case ResetCause::reload_stuck:
            return "too few members are left to end a reload";
    }
    return "";
}

std::string_view words_of(Unconverged cause) {
    switch (cause) {
        case Unconverged::no:
            return "";
        case Unconverged::stopped:
            return "stopped";
        case Unconverged::emptying:
            return "the map is being emptied";
        case Unconverged::duplicate_id:
            return "another host uses this id";
        case Unconverged::deaf:
            return "no frame of any kind arrives";
        case Unconverged::not_admitted:
            return "waiting to be admitted";
        case Unconverged::somebody_may_serve:
            return "not beginning alone: there are signs that somebody serves";
        case Unconverged::member_gone:
            return "a member is gone";
        case Unconverged::member_behind:
            return "a member does not state the epoch yet";
        case Unconverged::member_serves_past:
            return "a member's cores still go by the former epoch";
        case Unconverged::member_moves:
            return "a member has not moved its buckets yet";
        case Unconverged::reload:
            return "the next configuration takes over";
        case Unconverged::moving:
            return "buckets are moving";
    }
    return "";
}

std::string words_of(const Sign& sign, const FrameVersions& versions) {
    const std::string host =
        sign.host == kNoHost ? "a host" : "host " + std::to_string(unsigned{sign.host});
    switch (sign.kind) {
        case Sign::Kind::unproven:
            return host + " is heard and does not show that it hears this host";
        case Sign::Kind::unverifiable:
            if (!versions.include(sign.version))
                return host + " serves this cluster in frames of version " +
                       std::to_string(unsigned{sign.version}) + ", and this program reads " +
                       to_text(versions) + ": it does not hear this host, or the two " +
                       "builds do not fit together";
            return host + " serves this cluster under key id " + std::to_string(sign.key_id) +
                   " and frame version " + std::to_string(unsigned{sign.version}) +
                   ", and its tag is not one of a key of this host: compare the key files";
        case Sign::Kind::other_vlan:
            return host + " serves this cluster in VLAN " + std::to_string(sign.vlan) +
                   ": its port, or this one, is in the wrong VLAN";
        case Sign::Kind::holds_address:
            return "a stranger answers for a virtual address of this cluster";
        case Sign::Kind::serves_unheard:
            return host + " answers for this cluster's addresses, and its heartbeats (ethertype " +
                   "0x88B5) do not arrive here: look for a filter on the way";
    }
    return "";
}

std::string words_of(const ipc::Inside& inside) {
    switch (inside.state) {
        case ipc::InsideState::device_missing:
            return "the inside device is not there";
        case ipc::InsideState::link_down:
            return "the inside device's link is down";
        case ipc::InsideState::server_unknown:
            return "the server's MAC is not known: nobody inside answers for this host's "
                   "addresses; "
                   "see server_mac";
        case ipc::InsideState::ready:
        case ipc::InsideState::addresses_missing:
            break;
    }
    if (inside.missing == 0) return "";
    const std::string address = config::to_string(inside.first_missing);
    return inside.missing == 1
               ? "the address " + address + " is missing on the inside device"
               : "the address " + address + " and " + std::to_string(inside.missing - 1) +
                     " more are missing on the inside device";
}

std::string_view name_of(Report::Kind kind) {
    using Kind = Report::Kind;
    switch (kind) {
        case Kind::joined:
            return "joined";
        case Kind::adopted:
            return "adopted";
        case Kind::proposed:
            return "proposed";
        case Kind::converged:
            return "converged";
        case Kind::reset:
            return "reset";
        case Kind::believed:
            return "believed";
        case Kind::buried:
            return "buried";
        case Kind::duplicate_id:
            return "duplicate_id";
        case Kind::deaf:
            return "deaf";
        case Kind::split_brain:
            return "split_brain";
        case Kind::left:
            return "left";
    }
    return "";
}

std::string words_of(const Report& report) {
    using Kind = Report::Kind;
    switch (report.kind) {
        case Kind::joined:
        case Kind::adopted:
        case Kind::proposed:
        case Kind::converged:
            return std::to_string(report.members) + " members";
        case Kind::reset:
            return std::string{words_of(report.cause)};
        case Kind::believed:
            return "boot and term are new";
        case Kind::buried:
            return "not heard for " +
                   std::to_string(report.silence / std::chrono::milliseconds{1}) + " ms";
        case Kind::duplicate_id:
            return report.yields ? "this one waits until the other is silent"
                                 : "the other one has to wait";
        case Kind::deaf:
            return "no frame of any kind arrives";
        case Kind::split_brain:
            return "another cluster of the same name; this host gives way";
        case Kind::left:
            return "nothing is owned any more";
    }
    return "";
}

}  // namespace nlb::controlplane
