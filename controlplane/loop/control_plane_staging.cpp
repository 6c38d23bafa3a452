// Files that are brought here: collected, checked as a reload would, and used when every host has
// said that it can. Until then they are memory; only keys are written at once, because the check of
// a configuration reads them.
#include "config/daemon/clock.hpp"
#include "config/received.hpp"
#include "config/transfer.hpp"
#include "controlplane/agent/reload.hpp"
#include "controlplane/loop/control_plane.hpp"

namespace nlb::controlplane {
namespace {

using daemon::monotonic_now;
using Json = nlohmann::json;

void refuse(const CommandService::Answer& answer, const std::string& sentence) {
    answer(encode_answer({ReturnValue::refused, sentence}, Json::array()));
}

void say_have(const CommandService::Answer& answer, std::uint64_t have, bool complete,
              const Json& changes = Json::object()) {
    answer(encode_answer({}, Json::array(),
                         {{"have", have}, {"complete", complete}, {"changes", changes}}));
}

// As `changes_between` found them: [path, in force, in the file].
Json lines_of(const Changes& changes) {
    Json lines = Json::array();
    for (const auto* kind : {&changes.agreed, &changes.local})
        for (const config::Difference& one : *kind)
            lines.push_back({one.path, one.mine, one.theirs});
    return lines;
}

}  // namespace

void ControlPlane::stage(const Request& request, const Caller& caller,
                         const CommandService::Answer& answer) {
    const auto bytes = config::from_base64(request.data);
    if (!bytes) return refuse(answer, "data: expected base64");
    const bool key = request.kind == "key";
    if (key && !config::is_plain_file_name(request.name))
        return refuse(answer, "name: expected a key file's name without a directory");
    const auto taken =
        pieces_.take(monotonic_now(), {request.digest, request.size, request.offset, *bytes});
    if (!taken) return refuse(answer, taken.error().message);
    if (!taken.value().whole) return say_have(answer, taken.value().have, false);
    std::string whole = *taken.value().whole;
    if (config::digest_of_bytes(whole) != request.digest)
        return refuse(answer, "the pieces do not make what was sent; try again");
    if (key) return take_key(request.name, std::move(whole), answer);
    take_configuration(request.digest, std::move(whole), caller.cluster, answer);
}

void ControlPlane::take_key(const std::string& name, std::string bytes,
                            const CommandService::Answer& answer) {
    std::vector<std::string> used;
    for (const auto& agent : agents_) {
        const config::Cluster& cluster = agent->settings().cluster;
        used.push_back(cluster.key_file);
        used.insert(used.end(), cluster.former_key_files.begin(), cluster.former_key_files.end());
    }
    asio::post(reader_, [this, name, bytes = std::move(bytes), used, answer, files = files_] {
        const Status kept = keep_key(files, name, bytes, used);
        asio::post(loop_, [this, kept, answer, size = bytes.size()] {
            if (kept)
                say_have(answer, size, true);
            else
                refuse(answer, kept.error().message);
            turn();
        });
    });
}

void ControlPlane::take_configuration(const std::string& digest, std::string text,
                                      const std::string& only,
                                      const CommandService::Answer& answer) {
    asio::post(reader_, [this, digest, text = std::move(text), only, answer, files = files_] {
        const auto chosen = choose_configuration(files);
        auto fresh = std::make_shared<Result<config::Loaded>>(
            chosen ? check_received(files, chosen.value().own, text)
                   : Result<config::Loaded>(chosen.error()));
        if (*fresh && !config::is_newer(fresh->value().config, chosen.value().own))
            *fresh = Error{files.own + " has a higher generation than the file in force: " +
                           "`nlb reload` there first"};
        asio::post(loop_, [this, digest, fresh, only, answer] {
            if (*fresh)
                note_staged(digest, fresh->value(), only, answer);
            else
                refuse(answer, fresh->error().message);
            turn();
        });
    });
}

// What a reload would refuse is refused here, before any host has changed anything. `only`: the
// cluster that the sender may speak of.
void ControlPlane::note_staged(const std::string& digest, const config::Loaded& loaded,
                               const std::string& only, const CommandService::Answer& answer) {
    if (!config::is_newer(loaded.config, config_))
        return refuse(answer,
                      "another configuration is in force here than the one that was edited; try "
                      "again");
    if (const Status same = check_surroundings(config_, loaded.config); !same)
        return refuse(answer, same.error().message);
    Json changes = Json::object();
    for (const auto& agent : agents_) {
        const auto plan = plan_for(*agent, loaded.config, source_);
        if (!plan) return refuse(answer, plan.error().message);
        const std::string& name = agent->settings().cluster.name;
        if (!only.empty() && name != only && !plan.value().changes.none())
            return refuse(answer, "it would change cluster " + name +
                                      ", of which this key of remote control may not speak");
        changes[name] = lines_of(plan.value().changes);
    }
    staged_ = Staged{digest, loaded};
    say_have(answer, loaded.text.size(), true, changes);
}

// Written before it is used: a host that starts again meanwhile starts with it.
void ControlPlane::use_staged(const std::string& digest, std::optional<std::uint64_t> max_moves,
                              const CommandService::Reloaded& done) {
    if (!staged_ || staged_->digest != digest)
        return done({ReturnValue::refused,
                     "that configuration was not brought here, or another one came after it; try "
                     "again"});
    reload_is_read_ = true;
    asio::post(reader_, [this, files = files_, staged = *staged_, max_moves, done] {
        const Status kept = keep_received(files, staged.loaded.text);
        asio::post(loop_, [this, files, staged, max_moves, done, kept] {
            reload_is_read_ = false;
            CommandResult result{ReturnValue::refused, kept ? "" : kept.error().message};
            if (kept) result = apply(staged.loaded, files.received(), max_moves);
            if (kept && is_ok(result.value))
                events_.tell(EventId::configuration_received, {{"file", files.received()}});
            if (kept && !is_ok(result.value))
                asio::post(reader_, [files, digest = staged.digest] {
                    // What cannot be taken back is in force after the next start, and said then.
                    static_cast<void>(undo_received(files, digest));
                });
            tell_reloaded(result, done);
            turn();
        });
    });
}

void ControlPlane::undo_staged(const std::string& digest, const CommandService::Reloaded& done) {
    for (const auto& agent : agents_)
        if (agent->reload_is_under_way())
            return done({ReturnValue::refused, "the hosts are changing over to it already"});
    reload_is_read_ = true;
    asio::post(reader_, [this, files = files_, digest, done] {
        const Status undone = undo_received(files, digest);
        asio::post(loop_, [this, undone, done] {
            reload_is_read_ = false;
            if (!undone) return done({ReturnValue::refused, undone.error().message});
            reload_files(std::nullopt, done);
        });
    });
}

}  // namespace nlb::controlplane
