// It goes the way of every change: checked there first, and used when it can be.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <unistd.h>

#include "cli/change/base.hpp"
#include "cli/change/cluster_change.hpp"
#include "cli/change/host_links.hpp"
#include "cli/change/push.hpp"
#include "config/edit/cluster_edit.hpp"
#include "config/format.hpp"
#include "config/received.hpp"
#include "config/remote_sealer.hpp"
#include "config/transfer.hpp"

namespace nlb::cli {
namespace {

constexpr std::size_t kKeyBytes = 32;

bool is_there(const std::string& path) {
    return access(path.c_str(), F_OK) == 0;
}

std::string directory_of(const std::string& path) {
    return path.substr(0, path.rfind('/') + 1);
}

class Push {
public:
    Push(const Options& options, Console& console) : options_(options), console_(console) {}

    ExitCode run() {
        if (options_.host.empty() || options_.host == "all")
            return console_.fail_usage(
                Error{"expected --host NAME: the host that is to get the configuration in force "
                      "here"});
        if (const Status ready = config::prepare_sealing(); !ready) return refuse(ready.error());
        // What is in force is asked here; --host says who gets it.
        Options here = options_;
        here.host.clear();
        if (const auto code = read_base(here, console_, base_)) return *code;
        const config::Host* const host = target();
        if (host == nullptr)
            return console_.fail_usage(Error{fmt::format("cluster {} has no host {}", base_.cluster,
                                                         config::in_quotes(options_.host))});
        if (host->name == base_.told.host)
            return console_.fail_usage(Error{fmt::format(
                "this is the configuration in force on {}: say it on a host that has the newer one",
                host->name)});
        auto links = links_to_hosts(here, base_);
        if (!links) return refuse(links.error());
        std::erase_if(links.value(),
                      [host](const HostLink& link) { return link.host != host->name; });
        ClusterChange change(console_, base_, links.value());
        change_ = &change;
        return push(change, *host);
    }

private:
    [[nodiscard]] const config::Host* target() const {
        for (const config::Host& host : base_.in_force().hosts)
            if (host.name == options_.host || std::to_string(host.id) == options_.host)
                return &host;
        return nullptr;
    }

    ExitCode push(ClusterChange& change, const config::Host& host) {
        const auto highest = change.ask_for_room();
        if (!highest) return refuse(nothing_changed(highest.error()));
        const std::uint64_t own = base_.next_generation() - 1;
        if (highest.value() > own)
            return refuse(nothing_changed(Error{fmt::format(
                "{0} holds a newer configuration, generation {1} ({2} here): on {0}: nlb config "
                "push --host {3}",
                host.name, highest.value(), own, base_.told.host)}));
        if (const Status text = text_above(highest.value()); !text) return refuse(text.error());
        if (const Status keys = bring_keys(change); !keys)
            return refuse(nothing_changed(keys.error()));
        const auto lines = change.bring(text_);
        if (!lines) return refuse(nothing_changed(lines.error()));
        changes_ = lines.value();
        for (const std::string& line : changes_)
            console_.say(fmt::format("{}: {}", host.name, line));
        if (options_.plan_only) return finish("this is a plan: nothing was changed");
        if (const Status used = change.use(std::nullopt); !used)
            return refuse(nothing_changed(used.error()));
        if (const Status in_force = change.wait_until_in_force(); !in_force)
            return refuse(in_force.error());
        return finish(fmt::format("config push: {} goes by generation {}, as {} does", host.name,
                                  generation_, base_.told.host));
    }

    // A host goes by a file that came while its generation is above that of its own.
    Status text_above(std::uint64_t highest) {
        text_ = *base_.told.text;
        generation_ = base_.in_force().generation;
        if (generation_ > highest) return Done{};
        generation_ = highest + 1;
        auto edited = config::edit_cluster(text_, base_.config, base_.cluster,
                                           {config::EditKind::none, "", {}, generation_});
        if (!edited) return edited.error();
        text_ = std::move(edited.value());
        return Done{};
    }

    // Keys that came here by `keys rotate`; others are the operator's to bring. From outside they
    // cannot be read: then the host says what it lacks.
    Status bring_keys(ClusterChange& change) {
        if (!options_.remote.empty() || base_.told.file == base_.told.own_file) return Done{};
        const std::string keys = directory_of(base_.told.file) + "keys/";
        config::Config read = base_.config;
        config::use_received_keys(read, base_.told.own_file, keys.substr(0, keys.size() - 1),
                                  is_there);
        const config::Cluster& cluster = cluster_named(read, base_.cluster);
        std::vector<std::string> files = cluster.former_key_files;
        files.push_back(cluster.key_file);
        for (const std::string& file : files) {
            if (file.rfind(keys, 0) != 0) continue;
            std::ifstream stream(file, std::ios::binary);
            std::string bytes(kKeyBytes, '\0');
            stream.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
            if (stream.gcount() != static_cast<std::streamsize>(kKeyBytes))
                return Error{file + ": expected a key of 32 bytes, which this user may read"};
            if (const Status brought = change.bring_key(file.substr(keys.size()), bytes); !brought)
                return brought;
        }
        return Done{};
    }

    [[nodiscard]] Json answer(bool ok, const std::string& message) const {
        Json json = change_answer(ok, message, base_, change_);
        json["generation"] = generation_;
        json["changes"] = changes_;
        return json;
    }

    ExitCode refuse(const Error& why) {
        return refuse_change(console_, change_, answer(false, why.message), why);
    }

    ExitCode finish(const std::string& message) {
        return finish_change(console_, *change_, answer(true, message), message);
    }

    const Options& options_;
    Console& console_;
    Base base_;
    std::string text_;
    std::uint64_t generation_ = 0;
    std::vector<std::string> changes_;
    const ClusterChange* change_ = nullptr;
};

}  // namespace

ExitCode run_push(const Options& options, Console& console) {
    return Push(options, console).run();
}

}  // namespace nlb::cli
