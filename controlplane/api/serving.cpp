#include "controlplane/api/serving.hpp"

#include "controlplane/api/views.hpp"

namespace nlb::controlplane {
namespace {

std::string words_of(const ClusterAgent& agent) {
    std::string words{name_of(agent.shown())};
    if (!agent.active()) return words;
    if (state_value(agent) == ReturnValue::default_host) words += " as default host";
    const std::size_t hosts = agent.membership().members().size();
    return words + ", " + std::to_string(hosts) + (hosts == 1 ? " host" : " hosts");
}

}  // namespace

Serving serving_of(const ClusterAgents& agents, Instant now) {
    Serving serving{true, ""};
    for (const auto& agent : agents) {
        const std::string not_because = agent->serves_not_because(now);
        if (!not_because.empty()) serving.as_it_should = false;
        if (!serving.sentence.empty()) serving.sentence += "; ";
        if (agents.size() > 1) serving.sentence += agent->settings().cluster.name + ": ";
        serving.sentence +=
            not_because.empty() ? words_of(*agent) : "SERVES NOBODY: " + not_because;
    }
    return serving;
}

}  // namespace nlb::controlplane
