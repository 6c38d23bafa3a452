// The order of the steps is the whole matter; each asks all hosts at once.
#include "cli/change/cluster_change.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fmt/format.h>
#include <set>
#include <thread>
#include <tuple>

#include "cli/control_request.hpp"
#include "cli/text_table.hpp"
#include "config/digest.hpp"
#include "config/transfer.hpp"
#include "core/base/assert.hpp"

namespace nlb::cli {
namespace {

using Clock = std::chrono::steady_clock;
using Line = std::tuple<std::string, std::string, std::string>;  // path, before, after

constexpr Duration kUseTimeout = std::chrono::seconds{10};
constexpr Duration kLookTimeout = std::chrono::seconds{2};
constexpr std::chrono::milliseconds kLookEvery{200};
constexpr std::chrono::seconds kToldEvery{2};

const config::Host* find_host(const config::Cluster& cluster, const std::string& name) {
    for (const config::Host& host : cluster.hosts)
        if (host.name == name) return &host;
    return nullptr;
}

// Which key it is and where its file lies is known there alone.
bool names_key(const std::string& path) {
    return path.rfind("key_file (", 0) == 0 || path.rfind("former_key_files", 0) == 0;
}

// What a host is to say that it would change: by the file in force where the change was made.
std::set<Line> expected_changes(const config::Cluster& before, const config::Cluster& after,
                                const std::string& host) {
    std::set<Line> lines;
    const auto add = [&lines](const config::CanonicalLines& mine,
                              const config::CanonicalLines& theirs) {
        for (const config::Difference& one : config::differences(mine, theirs))
            if (!names_key(one.path)) lines.emplace(one.path, one.mine, one.theirs);
    };
    add(config::canonical_lines(before), config::canonical_lines(after));
    const config::Host* const mine = find_host(before, host);
    const config::Host* const theirs = find_host(after, host);
    if (mine != nullptr && theirs != nullptr)
        add(config::host_keys(before, *mine, config::Takes::at_once),
            config::host_keys(after, *theirs, config::Takes::at_once));
    return lines;
}

std::set<Line> told_changes(const Json& answer, const std::string& cluster) {
    std::set<Line> lines;
    for (const Json& line : list_of(member_of(answer, "changes"), cluster))
        if (line.is_array() && line.size() == 3)
            if (const std::string path = printable(plain(line[0])); !names_key(path))
                lines.emplace(path, printable(plain(line[1])), printable(plain(line[2])));
    return lines;
}

}  // namespace

ClusterChange::ClusterChange(Console& console, const Base& base, std::vector<HostLink> links)
    : console_(console), base_(base), links_(std::move(links)) {}

// The outcomes of all, and the first that is none as the error.
Status ClusterChange::note(const std::vector<ControlReply>& replies, const std::string& doing) {
    outcomes_.clear();
    std::string fault;
    for (std::size_t i = 0; i < links_.size(); ++i) {
        HostOutcome outcome{links_[i].host, false, "", 0, ""};
        const ControlReply& reply = replies[i];
        outcome.ok = reply.answered && flag_of(reply.json, "ok");
        outcome.message = !reply.answered ? reply.message
                          : outcome.ok    ? text_of(reply.json, "message")
                                          : refusal_in(reply.json);
        if (!outcome.ok && fault.empty())
            fault = fmt::format("{}: {}: {}", outcome.host, doing, outcome.message);
        outcomes_.push_back(std::move(outcome));
    }
    if (!fault.empty()) return Error{fault};
    return Done{};
}

std::vector<ControlReply> ClusterChange::upload_all(const Upload& what, const std::string& doing) {
    std::atomic<std::uint64_t> sent{0};
    const std::uint64_t all = what.bytes.size() * links_.size();
    return ask_all(
        links_,
        [&](const HostLink& link) {
            return upload(link, base_.cluster, what,
                          [&sent](std::uint64_t bytes) { sent += bytes; });
        },
        console_, [&] { return fmt::format("{}: {} of {} bytes", doing, sent.load(), all); });
}

Result<std::vector<ControlReply>> ClusterChange::bring_all(const std::string& text) {
    digest_ = config::digest_of_bytes(text);
    auto replies = upload_all({"configuration", "", text, digest_}, "bringing the configuration");
    if (const Status taken = note(replies, "it cannot take the configuration"); !taken)
        return taken.error();
    return replies;
}

Status ClusterChange::offer(const std::string& text, const config::Config& after) {
    const auto replies = bring_all(text);
    if (!replies) return replies.error();
    return compare_changes(replies.value(), after);
}

Result<std::vector<std::string>> ClusterChange::bring(const std::string& text) {
    NLB_ASSERT(links_.size() == 1);
    const auto replies = bring_all(text);
    if (!replies) return replies.error();
    std::vector<std::string> lines;
    for (const auto& [path, before, then] :
         told_changes(replies.value().front().json, base_.cluster))
        lines.push_back(fmt::format("{}: {} -> {}", path, before, then));
    return lines;
}

// Hosts whose files differ in what is their own would lose it silently.
Status ClusterChange::compare_changes(const std::vector<ControlReply>& replies,
                                      const config::Config& after) {
    const config::Cluster& fresh = cluster_named(after, base_.cluster);
    std::string fault;
    for (std::size_t i = 0; i < links_.size(); ++i) {
        const auto expected = expected_changes(base_.in_force(), fresh, links_[i].host);
        const auto told = told_changes(replies[i].json, base_.cluster);
        std::vector<Line> other;
        std::set_symmetric_difference(expected.begin(), expected.end(), told.begin(), told.end(),
                                      std::back_inserter(other));
        if (other.empty()) continue;
        const auto& [path, before, then] = other.front();
        const bool more = told.count(other.front()) != 0;
        outcomes_[i].ok = false;
        outcomes_[i].message =
            more ? fmt::format(
                       "its file differs from that of {}: it would change {} from {} to {} "
                       "there, too; make the two alike there and `nlb reload` first",
                       base_.told.host, path, before, then)
                 : fmt::format(
                       "its file differs from that of {} in {}; make the two alike there "
                       "and `nlb reload` first",
                       base_.told.host, path);
        if (fault.empty()) fault = fmt::format("{}: {}", links_[i].host, outcomes_[i].message);
    }
    if (!fault.empty()) return Error{fault};
    return Done{};
}

Status ClusterChange::use(std::optional<std::uint64_t> max_moves) {
    Json request{{"command", "reload"},
                 {"cluster", base_.cluster},
                 {"staged", digest_},
                 {"timeout_ms", 1000}};
    if (max_moves) request["max_moves"] = *max_moves;
    const auto replies = ask_all(
        links_, [&request](const HostLink& link) { return link.ask(request, kUseTimeout); },
        console_, [] { return std::string("the hosts begin to use it"); });
    const Status used = note(replies, "it does not use the configuration");
    if (!used) undo(replies);
    return used;
}

// Also where no answer came: the request may have arrived.
void ClusterChange::undo(const std::vector<ControlReply>& replies) {
    std::vector<HostLink> took;
    for (std::size_t i = 0; i < links_.size(); ++i)
        if (!replies[i].answered || flag_of(replies[i].json, "ok")) took.push_back(links_[i]);
    const Json request{
        {"command", "reload"}, {"cluster", base_.cluster}, {"undo", digest_}, {"timeout_ms", 500}};
    const auto undone = ask_all(
        took, [&request](const HostLink& link) { return link.ask(request, kUseTimeout); }, console_,
        [] { return std::string("taking it back"); });
    for (std::size_t i = 0; i < took.size(); ++i)
        for (HostOutcome& outcome : outcomes_) {
            if (outcome.host != took[i].host || !outcome.ok) continue;
            const bool well = undone[i].answered && flag_of(undone[i].json, "ok");
            outcome.ok = false;
            outcome.message =
                well ? "it was taken back"
                     : "it could not be taken back: " +
                           (undone[i].answered ? refusal_in(undone[i].json) : undone[i].message);
        }
}

// Nothing is held any more, and all count by the same configuration.
bool ClusterChange::look() {
    const Json request{{"command", "query"}, {"cluster", base_.cluster}};
    const auto replies = ask_all(
        links_, [&request](const HostLink& link) { return link.ask(request, kLookTimeout); },
        console_, [] { return std::string("waiting for the hosts to change over"); });
    static_cast<void>(note(replies, "it does not answer"));
    std::set<std::string> digests;
    bool all = true;
    for (std::size_t i = 0; i < links_.size(); ++i) {
        HostOutcome& outcome = outcomes_[i];
        if (!outcome.ok) {
            all = false;
            continue;
        }
        for (const Json& cluster : list_of(replies[i].json, "clusters")) {
            outcome.generation = static_cast<std::uint64_t>(number_of(cluster, "generation"));
            outcome.state = text_of(cluster, "state", "?");
            digests.insert(text_of(cluster, "config_digest"));
            const Json& held = member_of(cluster, "reload");
            if (!held.is_object()) continue;
            outcome.ok = false;
            std::string names;
            for (const Json& name : list_of(held, "waits_for"))
                names += (names.empty() ? "" : ", ") + printable(plain(name));
            outcome.message = "it is held, and waits for " + (names.empty() ? "nobody" : names);
        }
        all &= outcome.ok;
    }
    return all && digests.size() == 1;
}

Status ClusterChange::wait_until_in_force() {
    const auto deadline = Clock::now() + kInForceWithin;
    auto told = Clock::now();
    while (!look()) {
        if (Clock::now() >= deadline) {
            for (const HostOutcome& outcome : outcomes_)
                if (!outcome.ok)
                    return Error{fmt::format(
                        "every host has the configuration, and it is not in force everywhere yet: "
                        "{}: {}; look at `nlb query` there",
                        outcome.host, outcome.message)};
            return Error{
                "every host has the configuration, and they do not agree yet; look at "
                "`nlb query --host all`"};
        }
        if (Clock::now() - told >= kToldEvery) {
            told = Clock::now();
            console_.aside("waiting for the hosts to change over");
        }
        std::this_thread::sleep_for(kLookEvery);
    }
    return Done{};
}

Status ClusterChange::bring_key(const std::string& name, const std::string& bytes) {
    return note(
        upload_all({"key", name, bytes, config::digest_of_bytes(bytes)}, "bringing the key"),
        "it cannot take the key");
}

Result<std::uint64_t> ClusterChange::ask_for_room() {
    const Json request{{"command", "stage"},
                       {"cluster", base_.cluster},
                       {"kind", "configuration"},
                       {"digest", "asked"},
                       {"size", 1}};
    const auto replies = ask_all(
        links_, [&request](const HostLink& link) { return link.ask(request, kLookTimeout); },
        console_, [] { return std::string("asking the hosts"); });
    if (const Status room = note(replies, "it cannot take the change"); !room) return room.error();
    std::uint64_t highest = 0;
    for (const ControlReply& reply : replies)
        highest =
            std::max(highest, static_cast<std::uint64_t>(number_of(reply.json, "generation")));
    return highest;
}

Json ClusterChange::outcomes_in_json() const {
    Json hosts = Json::array();
    for (const HostOutcome& one : outcomes_) {
        Json host{{"host", one.host}, {"ok", one.ok}, {"message", one.message}};
        if (one.generation != 0) {
            host["generation"] = one.generation;
            host["state"] = one.state;
        }
        hosts.push_back(std::move(host));
    }
    return hosts;
}

void ClusterChange::show_outcomes() const {
    if (outcomes_.empty()) return;
    TextTable table({{"host"}, {"takes it"}, {"generation", Align::right}, {"state"}, {"says"}});
    for (const HostOutcome& one : outcomes_)
        table.add({one.host,
                   {one.ok ? "yes" : "no", one.ok ? Paint::good : Paint::bad},
                   one.generation == 0 ? "-" : std::to_string(one.generation),
                   one.state.empty() ? "-" : one.state,
                   one.message});
    console_.say(table.render(console_.colour()));
}

Error nothing_changed(const Error& why) {
    return Error{"nothing was changed: " + why.message};
}

ExitCode refuse_change(Console& console, const ClusterChange* change, const Json& answer,
                       const Error& why) {
    if (console.json()) {
        console.answer(answer);
        return ExitCode::refused;
    }
    if (change != nullptr) change->show_outcomes();
    return console.fail(ExitCode::refused, ReturnValue::refused, why.message);
}

ExitCode finish_change(Console& console, const ClusterChange& change, const Json& answer,
                       const std::string& message) {
    console.answer(answer);
    change.show_outcomes();
    console.say(message);
    return ExitCode::done;
}

Json change_answer(bool ok, const std::string& message, const Base& base,
                   const ClusterChange* change) {
    Json json = success(message);
    json["ok"] = ok;
    if (!ok) json["return_value"] = static_cast<int>(ReturnValue::refused);
    json["cluster"] = base.cluster;
    json["hosts"] = change == nullptr ? Json::array() : change->outcomes_in_json();
    return json;
}

}  // namespace nlb::cli
