// A change is published within kLookEvery, but never more often than kPublishEvery; numbers that
// run go out once in kNumbersEvery. Nobody watches: nothing is made.
#include "controlplane/loop/page_desk.hpp"

#include <algorithm>
#include <chrono>

#include "config/daemon/clock.hpp"
#include "controlplane/agent/move_forecast.hpp"
#include "controlplane/manager/explain_answer.hpp"
#include "controlplane/manager/timeline.hpp"

namespace nlb::controlplane {
namespace {

using Json = nlohmann::json;
using daemon::monotonic_now;

constexpr Duration kLookEvery = std::chrono::milliseconds{50};
constexpr Duration kPublishEvery = std::chrono::milliseconds{250};
constexpr Duration kNumbersEvery = std::chrono::seconds{1};
constexpr Duration kLookForWatchersEvery = std::chrono::milliseconds{250};
// A browser's connection lasts longer (HttpServer::kConnection_s).
constexpr std::int64_t kCommandMsMax = 10'000;

WallTime wall_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

Json refusal(const std::string& sentence) {
    return {{"ok", false}, {"message", sentence}};
}

// Nothing: the verb moves nothing by itself.
std::optional<config::MovePlan> plan_of(const ClusterAgent& agent, const Request& request,
                                        const std::vector<RuleId>& rules) {
    switch (request.verb) {
        case Verb::start:
            return plan_of_host(agent, true);
        case Verb::stop:
        case Verb::drainstop:
        case Verb::suspend:
            return plan_of_host(agent, false);
        case Verb::enable:
            return plan_of_rules(agent, rules, RuleState::enabled);
        case Verb::disable:
            return plan_of_rules(agent, rules, RuleState::disabled);
        case Verb::drain:
            return plan_of_rules(agent, rules, RuleState::draining);
        default:
            return std::nullopt;
    }
}

}  // namespace

void PageDesk::look(Instant now) {
    if (now < next_look_ || server_ == nullptr) return;
    next_look_ = now + (server_->is_watched() ? kLookEvery : kLookForWatchersEvery);
    if (!server_->is_watched()) return;
    newcomers_ = server_->take_newcomers() || newcomers_;
    const Duration gap = now - published_;
    if (published_ != kLongAgo && gap < kPublishEvery) return;
    std::uint64_t print = loop_.events.added();
    for (const auto& agent : loop_.agents) print = print * 31 + fingerprint_of(*agent, now);
    if (!newcomers_ && print == shown_ && gap < kNumbersEvery) return;
    newcomers_ = false;
    shown_ = print;
    published_ = now;
    server_->publish(
        page_view(loop_.agents, now,
                  {NLB_VERSION, wall_now(), loop_.events.added(), server_->may_command()}));
}

// A thousand lines take longer than a turn may: they are read elsewhere, of a copy.
void PageDesk::history(Answer answer) {
    asio::post(loop_.loop, [this, answer = std::move(answer)] {
        const auto& kept = loop_.events.lines();
        HostNames names;
        for (const auto& agent : loop_.agents) {
            const config::Cluster& cluster = agent->settings().cluster;
            for (const config::Host& host : cluster.hosts)
                names[{cluster.name, host.id}] = host.name;
        }
        asio::post(loop_.worker, [lines = std::vector<std::string>(kept.begin(), kept.end()), names,
                                  answer] { answer(timeline_view(lines, wall_now(), names)); });
    });
}

void PageDesk::explain(Json body, Answer answer) {
    asio::post(loop_.loop, [this, body = std::move(body), answer = std::move(answer)] {
        answer_explain(body, answer);
    });
}

void PageDesk::preview(Json body, Answer answer) {
    asio::post(loop_.loop, [this, body = std::move(body), answer = std::move(answer)] {
        answer_preview(body, answer);
    });
}

void PageDesk::command(Json body, Answer answer) {
    asio::post(loop_.loop, [this, body = std::move(body), answer = std::move(answer)]() mutable {
        answer_command(std::move(body), answer);
    });
}

// Without a name: the first one.
const ClusterAgent* PageDesk::agent_named(const Json& body) const {
    const auto name = body.find("cluster");
    const auto found =
        std::find_if(loop_.agents.begin(), loop_.agents.end(), [&](const auto& agent) {
            return name == body.end() ||
                   (name->is_string() && *name == agent->settings().cluster.name);
        });
    return found == loop_.agents.end() ? nullptr : found->get();
}

// Tables for up to 32 hosts take longer than a turn may: they are made elsewhere, of a copy.
void PageDesk::answer_explain(const Json& body, const Answer& answer) {
    const ClusterAgent* const agent = agent_named(body);
    if (agent == nullptr) return answer(refusal("cluster: expected one of this host's clusters"));
    const auto wish = packet_wish(body);
    if (!wish) return answer(refusal(wish.error().message));
    auto scene = explain_scene(*agent, monotonic_now());
    if (!scene) return answer(refusal(scene.error().message));
    asio::post(loop_.worker, [scene = std::move(scene.value()), wish = wish.value(), answer] {
        const auto explained = explain_answer(scene, wish);
        answer(explained ? explained.value() : refusal(explained.error().message));
    });
}

void PageDesk::answer_preview(const Json& body, const Answer& answer) {
    const auto request = parse_request(body.dump(-1, ' ', false, Json::error_handler_t::replace));
    if (!request) return answer(refusal(request.error().message));
    if (request.value().verb == Verb::reload)
        return loop_.preview_reload([answer](const Result<Json>& clusters) {
            answer(clusters ? Json{{"ok", true}, {"clusters", clusters.value()}}
                            : refusal(clusters.error().message));
        });
    Json clusters = Json::array();
    for (const auto& agent : loop_.agents) {
        const config::Cluster& cluster = agent->settings().cluster;
        if (request.value().cluster && *request.value().cluster != cluster.name) continue;
        std::vector<RuleId> rules;
        if (request.value().rule) {
            const auto chosen = select_rules(cluster, *request.value().rule);
            if (!chosen) return answer(refusal(chosen.error().message));
            rules = chosen.value();
        }
        clusters.push_back(moves_view(cluster.name, plan_of(*agent, request.value(), rules)));
    }
    answer({{"ok", true}, {"clusters", std::move(clusters)}});
}

void PageDesk::answer_command(Json body, const Answer& answer) {
    const auto wanted = body.find("timeout_ms");
    const bool shorter = wanted != body.end() && wanted->is_number_unsigned() &&
                         wanted->get<std::uint64_t>() <= std::uint64_t{kCommandMsMax};
    if (!shorter) body["timeout_ms"] = kCommandMsMax;
    loop_.commands.handle(
        monotonic_now(), body.dump(-1, ' ', false, Json::error_handler_t::replace),
        [answer](const std::string& line) {
            Json said = Json::parse(line, nullptr, false);
            answer(said.is_object() ? std::move(said) : refusal("no answer was made"));
        });
    loop_.turn();
}

}  // namespace nlb::controlplane
