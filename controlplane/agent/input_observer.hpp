// Who is told what enters an agent: everything that its decisions follow from, and nothing else
// does. What the same agent is told again in the same order makes the same of it; the flight
// recorder is built on that (controlplane/flight).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "controlplane/agent/cluster_settings.hpp"
#include "controlplane/agent/host_state.hpp"
#include "controlplane/health/check.hpp"
#include "core/ipc/messages.hpp"
#include "core/wire/frame_codec.hpp"

namespace nlb::controlplane {

// Each is said after its call, when the sinks have had all that came of it. It must not call the
// agent back. Thread: the agent's.
class InputObserver {
public:
    virtual ~InputObserver() = default;
    // `same_layout`: the tables that the dataplane serves by are numbered as this configuration's.
    virtual void on_hello(Instant now, const ipc::MessageView& message, bool same_layout) = 0;
    // Of a punted cluster frame `verdict` is what decoding it came to; none of all others.
    virtual void on_message(Instant now, const ipc::MessageView& message, FrameFault verdict) = 0;
    virtual void on_dataplane_lost(Instant now) = 0;
    virtual void on_tick(Instant now) = 0;
    // Only when some were due.
    virtual void on_checks_taken(Instant now) = 0;
    virtual void on_check(Instant now, std::uint64_t token, const CheckResult& result) = 0;
    virtual void on_host_command(Instant now, HostCommand command) = 0;
    virtual void on_rule_command(Instant now, const std::vector<RuleId>& rules,
                                 RuleState wanted) = 0;
    virtual void on_unknown_rule(Instant now, const std::string& text) = 0;
    virtual void on_local(Instant now, const ClusterSettings& fresh) = 0;
    virtual void on_begin_alone(Instant now) = 0;
    // The keys by their ids: sent under until then, and from then on.
    virtual void on_hold(Instant now, const ClusterSettings& next, std::uint16_t until_then,
                         std::uint16_t from_then) = 0;
    virtual void on_drop_staged(Instant now) = 0;
    virtual void on_keys(std::uint16_t sending) = 0;
    // Only when they are others than before.
    virtual void on_neighbours(const std::vector<IpAddress>& neighbours) = 0;
    virtual void on_depart(Instant now) = 0;
};

// Says something at the end of a scope, whichever way that is left.
template <class Say>
class AtEnd {
public:
    explicit AtEnd(Say say) : say_(std::move(say)) {}
    ~AtEnd() { say_(); }
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;

private:
    Say say_;
};

}  // namespace nlb::controlplane
