// A reload: all or nothing over the clusters of this host.
#include <algorithm>
#include <sodium.h>

#include "config/daemon/clock.hpp"
#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/agent/reload.hpp"
#include "controlplane/loop/control_plane.hpp"
#include "controlplane/loop/sodium_authenticator.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

using daemon::monotonic_now;

// NLB's number for the first mistake of a file.
ReturnValue value_of_mistakes(const std::string& mistakes) {
    const std::string first = mistakes.substr(0, mistakes.find('\n'));
    if (first.find("port_rules") == std::string::npos) return ReturnValue::refused;
    if (first.find("overlap") != std::string::npos) return ReturnValue::port_overlap;
    return first.find("port rules") != std::string::npos ? ReturnValue::max_port_rules
                                                         : ReturnValue::bad_port_params;
}

// Programs that ask are told the text, and edit it: also when what changed is a comment, or another
// cluster of this host.
bool is_of_another_text(const ClusterAgent& agent, const ClusterSettings& fresh) {
    const auto& present = agent.settings().source;
    return present == nullptr || fresh.source == nullptr || present->file != fresh.source->file ||
           present->text != fresh.source->text;
}

}  // namespace

// A file that does not read changes nothing; the first mistake is the answer. Another thread reads
// it, and the loop goes on meanwhile.
void ControlPlane::reload(const Request& request, const CommandService::Reloaded& done) {
    if (reload_is_read_)
        return done({ReturnValue::refused, "a reload is under way; ask again in a moment"});
    if (request.staged) return use_staged(*request.staged, request.max_moves, done);
    if (request.undo) return undo_staged(*request.undo, done);
    reload_files(request.max_moves, done);
}

void ControlPlane::reload_files(std::optional<std::uint64_t> max_moves,
                                CommandService::Reloaded done) {
    read_again([this, max_moves, done = std::move(done)](const Result<ChosenConfiguration>& fresh) {
        if (!fresh)
            return tell_reloaded(
                {value_of_mistakes(fresh.error().message),
                 fresh.error().message.substr(0, fresh.error().message.find('\n'))},
                done);
        const ChosenConfiguration& chosen = fresh.value();
        own_ = chosen.own;
        CommandResult result = apply(chosen.loaded, chosen.file, max_moves);
        // Whoever has just edited a file that is not in force looks at this answer.
        if (is_ok(result.value) && !chosen.own_passed_over.empty())
            result.message += "; " + chosen.own_passed_over;
        tell_received_refused(chosen);
        tell_reloaded(result, done);
    });
}

void ControlPlane::tell_received_refused(const ChosenConfiguration& chosen) {
    if (!chosen.received_refused.empty())
        events_.tell(EventId::received_refused,
                     {{"file", files_.received()}, {"because", chosen.received_refused}});
}

void ControlPlane::tell_reloaded(const CommandResult& result,
                                 const CommandService::Reloaded& done) {
    events_.tell(is_ok(result.value) ? EventId::reloaded : EventId::reload_refused,
                 {{"host", host_name_},
                  {"return_value", std::to_string(static_cast<int>(result.value))},
                  {"message", result.message}});
    done(result);
}

// What the file asks of one cluster, or why it cannot be; nothing is changed yet.
Result<ControlPlane::ReloadPlan> ControlPlane::plan_for(ClusterAgent& agent,
                                                        const config::Config& fresh,
                                                        const Source& source) const {
    const ClusterSettings& in_force = agent.settings();
    const auto found =
        std::find_if(fresh.clusters.begin(), fresh.clusters.end(),
                     [&in_force](const auto& one) { return one.name == in_force.cluster.name; });
    NLB_ASSERT(found != fresh.clusters.end());  // check_surroundings compared the names
    const config::Cluster& cluster = *found;
    const auto host = std::find_if(cluster.hosts.begin(), cluster.hosts.end(),
                                   [this](const auto& one) { return one.name == host_name_; });
    if (host == cluster.hosts.end())
        return Error{"cluster " + cluster.name + ": host " + host_name_ + " is not in the file"};
    auto secrets = read_secrets(cluster);
    if (!secrets) return secrets.error();
    ReloadPlan plan{&agent,
                    {cluster, *host, config::derive_hash_key(secrets.value().sending), source},
                    secrets.value(),
                    {}};
    auto changes = changes_between(in_force, plan.settings);
    if (!changes) return changes.error();
    plan.changes = std::move(changes.value());
    if (agent.reload_is_under_way())
        return Error{
            "cluster " + cluster.name +
            ": the hosts are changing over to the last configuration; ask again in a moment"};
    return plan;
}

// What was held is in force once the agent holds nothing any more.
ClusterSecrets& ControlPlane::keys_in_force(const ClusterAgent& agent) {
    const std::string& name = agent.settings().cluster.name;
    const auto held = staged_secrets_.find(name);
    if (held != staged_secrets_.end() && !agent.has_staged()) {
        secrets_[name] = std::move(held->second);
        staged_secrets_.erase(held);
    }
    return secrets_[name];
}

// While the next configuration is held both keys are accepted, and after the change the former one
// still is: whoever is late is heard.
void ControlPlane::carry_out(ReloadPlan plan, Instant now) {
    ClusterAgent& agent = *plan.agent;
    ClusterSecrets& present = keys_in_force(agent);
    events_.use(plan.settings.cluster.name, plan.settings.cluster.notify);
    if (plan.changes.agreed.empty()) {
        if (agent.has_staged()) agent.drop_staged(now);
        staged_secrets_.erase(agent.settings().cluster.name);
        agent.use_keys(
            std::make_unique<const SodiumAuthenticator>(plan.secrets.sending, plan.secrets.former));
        if (!plan.changes.local.empty() || is_of_another_text(agent, plan.settings))
            agent.apply_local(now, plan.settings);
        present = std::move(plan.secrets);
        return;
    }
    ClusterSecrets until_then = present;
    until_then.former.push_back(plan.secrets.sending);
    ClusterSecrets from_then = plan.secrets;
    from_then.former.push_back(present.sending);
    NextConfiguration next{
        std::move(plan.settings),
        std::make_unique<const SodiumAuthenticator>(until_then.sending, until_then.former),
        std::make_unique<const SodiumAuthenticator>(from_then.sending, from_then.former)};
    staged_secrets_[agent.settings().cluster.name] = std::move(from_then);
    agent.hold(now, std::move(next));
}

// Plans are made for every cluster before the first is carried out.
CommandResult ControlPlane::apply(const config::Loaded& loaded, const std::string& file,
                                  std::optional<std::uint64_t> max_moves) {
    const config::Config& fresh = loaded.config;
    const Source source = source_of(file, loaded.text);
    if (const Status same = check_surroundings(config_, fresh); !same)
        return {ReturnValue::refused, same.error().message};
    // All or nothing: the first cluster is touched when the last one has agreed.
    std::vector<ReloadPlan> plans;
    for (const auto& agent : agents_) {
        auto plan = plan_for(*agent, fresh, source);
        if (!plan) return {ReturnValue::refused, plan.error().message};
        plans.push_back(std::move(plan.value()));
    }
    if (max_moves)
        for (const ReloadPlan& plan : plans)
            if (const std::size_t moves = moves_of_reload(*plan.agent, plan.settings);
                moves > *max_moves)
                return {ReturnValue::refused, too_many_moves(plan.settings, moves, *max_moves)};
    std::string message;
    for (ReloadPlan& plan : plans) {
        const bool gives_up = plan.agent->has_staged() && plan.changes.agreed.empty();
        const std::string name = plan.settings.cluster.name;
        std::string done = plan.changes.text();
        if (gives_up) done += (done.empty() ? "" : "; ") + std::string{"what was held is given up"};
        if (!plan.changes.agreed.empty()) done += "; in force once every live host holds it";
        if (!done.empty()) message += (message.empty() ? "" : "; ") + name + ": " + done;
        carry_out(std::move(plan), monotonic_now());
    }
    config_ = fresh;
    source_ = source;
    remote_.read_keys();
    if (message.empty()) return {ReturnValue::already, "nothing changes on this host"};
    return {ReturnValue::ok, message};
}

}  // namespace nlb::controlplane
