// A command takes effect at once on the agent and later in the cluster; its answer waits for that,
// in a list that is bounded. A client that does not wait costs nothing more than its place.
#include "controlplane/api/command_service.hpp"

#include <algorithm>

#include "config/format.hpp"
#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/api/map_view.hpp"
#include "controlplane/api/views.hpp"
#include "core/base/assert.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;

Json views_of(Instant now, const std::vector<ClusterAgent*>& agents) {
    Json views = Json::array();
    for (const ClusterAgent* agent : agents) views.push_back(cluster_view(*agent, now));
    return views;
}

// Nothing for verbs that are not about the host's state.
std::optional<HostCommand> host_command(Verb verb) {
    if (verb == Verb::start) return HostCommand::start;
    if (verb == Verb::stop) return HostCommand::stop;
    if (verb == Verb::drainstop) return HostCommand::drainstop;
    if (verb == Verb::suspend) return HostCommand::suspend;
    if (verb == Verb::resume) return HostCommand::resume;
    return std::nullopt;
}

// `query RULE` shows that rule alone, in each cluster that has it.
Result<Json> query_views(Instant now, const Request& request,
                         const std::vector<ClusterAgent*>& targets) {
    if (!request.rule) return views_of(now, targets);
    Json views = Json::array();
    std::string why = "no cluster on this host";
    for (const ClusterAgent* agent : targets) {
        const auto rules = select_rules(agent->settings().cluster, *request.rule);
        if (rules)
            views.push_back(cluster_view(*agent, now, rules.value()));
        else
            why = rules.error().message;
    }
    if (views.empty()) return Error{why};
    return views;
}

template <class View>
Json views_by(const std::vector<ClusterAgent*>& targets, const View& view) {
    Json views = Json::array();
    for (const ClusterAgent* agent : targets) views.push_back(view(*agent));
    return views;
}

bool only_reads(Verb verb) {
    return verb == Verb::query || verb == Verb::params || verb == Verb::map ||
           verb == Verb::events || verb == Verb::metrics;
}

bool stops(Verb verb) {
    return verb == Verb::stop || verb == Verb::drainstop || verb == Verb::suspend;
}

// NLB calls a cluster by its address.
bool is_called(const config::Cluster& cluster, const std::string& text) {
    return cluster.name == text || config::to_string(cluster.address.address) == text;
}

constexpr const char* kMayOnlyRead =
    "remote control may only read here: set remote_control.configure to true on this host, or type "
    "the command there";
constexpr const char* kSuspended = "the host is suspended: it answers only query and resume";

}  // namespace

// Without a cluster in the request: all of this host that the caller may speak of.
Result<std::vector<ClusterAgent*>> CommandService::targets_of(const Request& request,
                                                              const Caller& caller) const {
    const auto may_speak_of = [&caller](const config::Cluster& cluster) {
        return caller.cluster.empty() || caller.cluster == cluster.name;
    };
    std::vector<ClusterAgent*> targets;
    for (const auto& agent : agents_)
        if (const config::Cluster& cluster = agent->settings().cluster;
            may_speak_of(cluster) && (!request.cluster || is_called(cluster, *request.cluster)))
            targets.push_back(agent.get());
    if (!targets.empty()) return targets;
    std::string names;
    for (const auto& agent : agents_)
        if (may_speak_of(agent->settings().cluster))
            names += (names.empty() ? "" : ", ") + agent->settings().cluster.name;
    return Error{"this host is in no cluster " + config::in_quotes(request.cluster.value_or("")) +
                 "; it is in: " + names};
}

CommandResult CommandService::execute_on(Instant now, const Request& request, ClusterAgent& agent) {
    if (const auto command = host_command(request.verb)) {
        const CommandResult result = agent.command_host(now, *command);
        return request.alone && is_ok(result.value) ? agent.begin_alone(now) : result;
    }
    const auto rules = select_rules(agent.settings().cluster, *request.rule);
    if (!rules) return {ReturnValue::not_found, rules.error().message};
    const RuleState wanted = request.verb == Verb::enable    ? RuleState::enabled
                             : request.verb == Verb::disable ? RuleState::disabled
                                                             : RuleState::draining;
    return agent.command_rules(now, rules.value(), wanted);
}

// Over several clusters: the first failure, else the first that was done, else ALREADY, with the
// rules of all. A rule need only be known to one of them. Nothing stops where one refuses to.
CommandResult CommandService::execute(Instant now, const Request& request,
                                      const std::vector<ClusterAgent*>& targets) {
    for (const ClusterAgent* agent : targets)
        if (stops(request.verb) && !request.force && agent->is_last_to_serve(now))
            return {ReturnValue::refused,
                    agent->settings().host.name + " is the last host that serves cluster " +
                        agent->settings().cluster.name + "; --force does it all the same"};
    for (const ClusterAgent* agent : targets)
        if (request.verb == Verb::start && request.max_moves)
            if (const std::size_t moves = moves_of_start(*agent, now); moves > *request.max_moves)
                return {ReturnValue::refused,
                        too_many_moves(agent->settings(), moves, *request.max_moves)};
    std::vector<CommandResult> results;
    std::vector<std::string> rules;
    for (ClusterAgent* agent : targets) {
        results.push_back(execute_on(now, request, *agent));
        const std::string prefix = targets.size() == 1 ? "" : agent->settings().cluster.name + "/";
        for (const std::string& rule : results.back().rules) rules.push_back(prefix + rule);
    }
    const bool any_known = std::any_of(results.begin(), results.end(), [](const CommandResult& r) {
        return r.value != ReturnValue::not_found;
    });
    if (any_known)
        std::erase_if(results,
                      [](const CommandResult& r) { return r.value == ReturnValue::not_found; });
    if (!any_known && request.rule) targets.front()->note_unknown_rule(now, *request.rule);
    CommandResult shown = results.front();
    const auto choose = [&](const auto& fits) {
        const auto found = std::find_if(results.begin(), results.end(), fits);
        if (found != results.end()) shown = *found;
    };
    choose([](const CommandResult& r) { return r.value != ReturnValue::already; });
    choose([](const CommandResult& r) { return !is_ok(r.value); });
    shown.rules = std::move(rules);
    return shown;
}

// An event of another cluster than the caller's is not for him; one of the host is.
std::string CommandService::events_answer(const Request& request, const Caller& caller) const {
    bool cut = false;
    Json events = Json::array();
    for (Json& event : events_.last(request.last, cut)) {
        const auto cluster = event.find("cluster");
        if (caller.cluster.empty() || cluster == event.end() || *cluster == caller.cluster)
            events.push_back(std::move(event));
    }
    const CommandResult result{cut ? ReturnValue::truncated : ReturnValue::ok,
                               cut ? "the oldest are left out: the answer would be too long" : ""};
    return encode_answer(result, Json::array(), {{"events", std::move(events)}});
}

// As /metrics says it, also where no address is listened at.
std::string CommandService::metrics_answer(const Caller& caller) const {
    if (!metrics_)
        return encode_answer({ReturnValue::refused, "nothing is counted here"}, Json::array());
    return encode_answer({}, Json::array(), {{"text", metrics_(caller.cluster)}});
}

// The verbs that change nothing.
std::string CommandService::read(Instant now, const Request& request,
                                 const std::vector<ClusterAgent*>& targets,
                                 const Caller& caller) const {
    if (request.verb == Verb::events) return events_answer(request, caller);
    if (request.verb == Verb::metrics) return metrics_answer(caller);
    if (request.verb == Verb::map)
        return encode_answer({}, views_by(targets, [now](const ClusterAgent& agent) {
                                 return map_view(agent, now);
                             }));
    if (request.verb == Verb::params) return encode_answer({}, views_by(targets, params_view));
    auto views = query_views(now, request, targets);
    if (!views)
        return encode_answer({ReturnValue::not_found, views.error().message}, Json::array());
    return encode_answer({state_value(*targets.front()), ""}, std::move(views.value()));
}

void CommandService::answer_recordings(const Request& request, const Answer& answer) {
    if (recordings_) return recordings_(request, answer);
    answer(encode_answer({ReturnValue::refused, "nothing is recorded here"}, Json::array()));
}

void CommandService::take_piece(const Request& request, const Caller& caller,
                                const Answer& answer) {
    if (staging_) return staging_(request, caller, answer);
    answer(encode_answer({ReturnValue::refused, "no file is taken here"}, Json::array()));
}

void CommandService::handle(Instant now, std::string_view line, Answer answer,
                            const Caller& caller) {
    NLB_ASSERT(!agents_.empty());
    const auto request = parse_request(line);
    if (!request)
        return answer(
            encode_answer({ReturnValue::bad_params, request.error().message}, Json::array()));
    if (request.value().verb == Verb::flight) return answer_recordings(request.value(), answer);
    const auto targets = targets_of(request.value(), caller);
    if (!targets)
        return answer(
            encode_answer({ReturnValue::not_found, targets.error().message}, Json::array()));
    const Verb verb = request.value().verb;
    // A file comes in many pieces; that it is used is told when it is.
    const bool told = !only_reads(verb) && (verb != Verb::stage || !caller.may_change);
    if (told && caller.on_change) caller.on_change(request.value(), caller.may_change);
    if (!only_reads(verb) && !caller.may_change)
        return answer(encode_answer({ReturnValue::refused, kMayOnlyRead}, Json::array()));
    const bool suspended =
        std::any_of(targets.value().begin(), targets.value().end(),
                    [](const ClusterAgent* c) { return c->shown() == ShownState::suspended; });
    if (suspended && (verb == Verb::params || verb == Verb::reload || verb == Verb::stage))
        return answer(encode_answer({ReturnValue::refused, kSuspended}, Json::array()));
    if (only_reads(verb)) return answer(read(now, request.value(), targets.value(), caller));
    if (verb == Verb::stage) return take_piece(request.value(), caller, answer);
    Wait wait{targets.value(), {}, now + request.value().timeout, std::move(answer)};
    if (verb == Verb::reload)
        return reload_(request.value(), [this, now, wait](CommandResult result) mutable {
            wait.result = std::move(result);
            wait_for(now, std::move(wait));
        });
    wait.result = execute(now, request.value(), targets.value());
    wait_for(now, std::move(wait));
}

void CommandService::wait_for(Instant now, Wait wait) {
    waits_.push_back(std::move(wait));
    if (waits_.size() > kWaitsMax) waits_.front().deadline = now;
    poll(now);
}

// A wait whose time is over is answered with what has come of it so far.
void CommandService::poll(Instant now) {
    for (auto wait = waits_.begin(); wait != waits_.end();) {
        const bool settled = std::all_of(wait->targets.begin(), wait->targets.end(),
                                         [](const ClusterAgent* c) { return c->settled(); });
        if (!settled && now < wait->deadline) {
            ++wait;
            continue;
        }
        if (!settled) wait->result.message += "; buckets are still being given back";
        const Wait due = std::move(*wait);
        wait = waits_.erase(wait);
        due.answer(encode_answer(due.result, views_of(now, due.targets)));
    }
}

}  // namespace nlb::controlplane
