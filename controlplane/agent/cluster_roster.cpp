// Hellos are kept until the last one has come, then compared as a whole: one cluster that the two
// programs mean differently makes every number of that dataplane doubtful.
#include "controlplane/agent/cluster_roster.hpp"

#include <algorithm>

#include "config/digest.hpp"
#include "config/format.hpp"

namespace nlb::controlplane {
namespace {

constexpr const char* kRemedy = "; start both programs of this host with one configuration";
constexpr const char* kAnotherBuild =
    "the dataplane and the control plane are of different builds; restart both from one "
    "installation";

// What stands behind the block; nothing when the sizes cannot be.
std::optional<std::string_view> settings_in(const ipc::MessageView& message,
                                            const ipc::Hello& hello) {
    const auto rest = message.rest_after<ipc::Hello>();
    if (rest.size() != std::size_t{hello.block_bytes} + hello.settings_bytes) return std::nullopt;
    const auto text = rest.subspan(hello.block_bytes);
    return std::string_view{reinterpret_cast<const char*>(text.data()), text.size()};
}

ipc::MessageView view_of(std::uint16_t number, const std::vector<Byte>& payload) {
    return {ipc::MessageType::hello, number, payload};
}

}  // namespace

ClusterAgent* ClusterRoster::agent_named(const std::string& name) const {
    const auto found = std::find_if(agents_.begin(), agents_.end(), [&name](const auto& agent) {
        return agent->settings().cluster.name == name;
    });
    return found == agents_.end() ? nullptr : found->get();
}

ClusterAgent* ClusterRoster::agent_of(std::uint16_t number) const {
    const auto found = numbers_.find(number);
    return found == numbers_.end() ? nullptr : found->second;
}

void ClusterRoster::forget() {
    greetings_.clear();
    numbers_.clear();
}

// Every name of the one is a name of the other, and means the same there.
Status ClusterRoster::compare() const {
    for (const auto& agent : agents_) {
        const config::Cluster& cluster = agent->settings().cluster;
        const auto greeting = greetings_.find(cluster.name);
        if (greeting == greetings_.end())
            return Error{"the control plane has cluster " + config::in_quotes(cluster.name) +
                         ", the dataplane has not" + kRemedy};
        const auto message = view_of(greeting->second.number, greeting->second.payload);
        const auto settings = settings_in(message, *message.body<ipc::Hello>());
        if (!settings) return Error{kAnotherBuild};
        const auto differences = config::differences(
            config::paired_lines(cluster, agent->settings().host), config::lines_of(*settings));
        if (differences.empty()) continue;
        const config::Difference& first = differences.front();
        return Error{"cluster " + config::in_quotes(cluster.name) + ": " + first.path + " is " +
                     first.mine + " in the control plane and " + first.theirs +
                     " in the dataplane" + kRemedy};
    }
    for (const auto& [name, greeting] : greetings_)
        if (agent_named(name) == nullptr)
            return Error{"the dataplane has cluster " + config::in_quotes(name) +
                         ", the control plane has not" + kRemedy};
    return Done{};
}

Result<bool> ClusterRoster::on_hello(Instant now, const ipc::MessageView& message) {
    NLB_ASSERT(message.type == ipc::MessageType::hello);
    auto outcome = take(now, message);
    if (!outcome) forget();
    return outcome;
}

Result<bool> ClusterRoster::take(Instant now, const ipc::MessageView& message) {
    const auto hello = message.body<ipc::Hello>();
    if (!hello || hello->version != ipc::kProtocolVersion || hello->build != ipc::layout_digest() ||
        hello->cluster_count == 0 || hello->cluster_count > kClustersMax)
        return Error{kAnotherBuild};
    const std::string name{ipc::cluster_name_of(*hello)};
    Greeting greeting{message.cluster, {message.payload.begin(), message.payload.end()}};
    if (!numbers_.empty() || !greetings_.try_emplace(name, std::move(greeting)).second)
        return Error{"the dataplane has said hello twice for cluster " + config::in_quotes(name)};
    if (greetings_.size() < hello->cluster_count) return false;
    if (const Status same = compare(); !same) return same.error();
    if (const Status begun = begin(now); !begun) return begun.error();
    greetings_.clear();
    return true;
}

// All numbers are known before the first agent speaks.
Status ClusterRoster::begin(Instant now) {
    for (const auto& [name, greeting] : greetings_)
        if (!numbers_.emplace(greeting.number, agent_named(name)).second)
            return Error{"the dataplane has given two clusters the number " +
                         std::to_string(greeting.number)};
    for (const auto& [number, agent] : numbers_) {
        const Greeting& greeting = greetings_.at(agent->settings().cluster.name);
        const std::string complaint = agent->on_hello(now, view_of(number, greeting.payload));
        if (!complaint.empty()) return Error{complaint};
    }
    return Done{};
}

}  // namespace nlb::controlplane
