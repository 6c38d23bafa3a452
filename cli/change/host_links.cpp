// A thread for each host while it is asked: exchanges block, and there are 32 at most.
#include "cli/change/host_links.hpp"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <thread>

#include "cli/endpoint.hpp"
#include "config/transfer.hpp"

namespace nlb::cli {
namespace {

constexpr std::chrono::seconds kToldEvery{2};
constexpr std::size_t kPieceHere = 48 * 1024;
constexpr Duration kPieceTimeout = std::chrono::seconds{5};
constexpr std::size_t kPiecesMax = 8192;

ControlReply failed(const std::string& message) {
    ControlReply reply;
    reply.fault = ReturnValue::timeout;
    reply.message = message;
    return reply;
}

std::string place_of(const RemoteQuestion& question) {
    const RemoteTarget& target = question.targets.front();
    return to_string(Endpoint{target.address, target.port});
}

Error cannot_reach_others(const Base& base) {
    return Error{fmt::format(
        "cluster {} has other hosts, which are reached by remote control, and that is not enabled "
        "in {}: set `remote_control: {{enabled: true, key_file: FILE, configure: true}}` on every "
        "host, or edit the file on each of them and `nlb reload`",
        base.cluster, base.told.file)};
}

Json piece_request(const std::string& cluster, const Upload& what, std::uint64_t offset) {
    Json request{{"command", "stage"},    {"cluster", cluster},        {"kind", what.kind},
                 {"digest", what.digest}, {"size", what.bytes.size()}, {"offset", offset}};
    if (!what.name.empty()) request["name"] = what.name;
    request["data"] = "";
    return request;
}

}  // namespace

ControlReply HostLink::ask(const Json& request, Duration timeout) const {
    if (is_here()) return ask_control_plane(run_dir, request, timeout);
    RemoteQuestion mine = question;
    mine.timeout = timeout;
    auto replies = ask_hosts(mine, request);
    if (!replies) return failed(replies.error().message);
    if (replies.value().hosts.empty())
        return failed(fmt::format(
            "it does not answer remote control at {} within {} ms; does it run, is it enabled "
            "there, and is {} its key?",
            place_of(mine), std::chrono::duration_cast<std::chrono::milliseconds>(timeout).count(),
            mine.key_file));
    return std::move(replies.value().hosts.front().reply);
}

Result<std::vector<HostLink>> links_to_hosts(const Options& options, const Base& base) {
    const config::Cluster& cluster = base.in_force();
    const config::RemoteControl& remote = cluster.remote_control;
    RemoteQuestion question;
    question.wanted = remote::Wanted::named;
    question.key_file = options.key_file.empty() ? remote.key_file : options.key_file;
    if (!options.remote.empty()) {
        const auto endpoint = parse_endpoint(options.remote);
        if (!endpoint) return endpoint.error();
        question.targets = {
            {endpoint.value().address, endpoint.value().port.value_or(std::uint16_t{2504})}};
    }
    const bool from_outside = !options.remote.empty();
    std::vector<HostLink> links;
    for (const config::Host& host : cluster.hosts)
        if (!from_outside && host.name == base.told.host)
            for (const config::Prefix& prefix : host.addresses)
                question.from.push_back(prefix.address);
    for (const config::Host& host : cluster.hosts) {
        HostLink link{host.name, {}, question};
        link.question.host = host.name;
        if (!from_outside && host.name == base.told.host) {
            link.run_dir = options.run_dir;
        } else if (!from_outside) {
            if (!remote.enabled) return cannot_reach_others(base);
            if (host.addresses.empty())
                return Error{host.name +
                             " has no dedicated address: say it from outside, with --remote"};
            link.question.targets = {{host.addresses.front().address, remote.port}};
        }
        links.push_back(std::move(link));
    }
    return links;
}

std::vector<ControlReply> ask_all(const std::vector<HostLink>& links, const LinkTask& task,
                                  Console& console, const std::function<std::string()>& progress) {
    std::vector<ControlReply> replies(links.size());
    std::mutex mutex;
    std::condition_variable finished;
    std::size_t left = links.size();
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < links.size(); ++i)
        threads.emplace_back([&, i] {
            ControlReply reply = task(links[i]);
            const std::lock_guard lock(mutex);
            replies[i] = std::move(reply);
            --left;
            finished.notify_one();
        });
    for (std::unique_lock lock(mutex); left > 0;)
        if (!finished.wait_for(lock, kToldEvery, [&left] { return left == 0; })) {
            const std::string waits =
                fmt::format("{} of {} hosts have answered", links.size() - left, links.size());
            lock.unlock();
            console.aside(fmt::format("{}; {}", progress(), waits));
            lock.lock();
        }
    for (std::thread& thread : threads) thread.join();
    return replies;
}

ControlReply upload(const HostLink& link, const std::string& cluster, const Upload& what,
                    const std::function<void(std::uint64_t)>& sent) {
    std::uint64_t offset = 0;
    for (std::size_t turn = 0; turn < kPiecesMax; ++turn) {
        Json request = piece_request(cluster, what, offset);
        const std::size_t frame = one_line(request).size();
        const std::size_t room =
            link.is_here() ? kPieceHere : (remote::kRequestTextMax - frame) / 4 * 3;
        request["data"] = config::to_base64(std::string_view(what.bytes).substr(offset, room));
        ControlReply reply = link.ask(request, kPieceTimeout);
        if (!reply.answered || !flag_of(reply.json, "ok")) return reply;
        if (flag_of(reply.json, "complete")) {
            sent(what.bytes.size() - offset);
            return reply;
        }
        const auto have = static_cast<std::uint64_t>(number_of(reply.json, "have"));
        if (have > what.bytes.size()) return failed("its answer makes no sense");
        if (have > offset) sent(have - offset);
        offset = have;
    }
    return failed("the file did not arrive in " + std::to_string(kPiecesMax) + " pieces");
}

}  // namespace nlb::cli
