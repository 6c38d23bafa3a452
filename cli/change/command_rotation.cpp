// keys rotate: a new key goes to every host, all change over to it together and accept both, and
// the former one retires. Each step begins when every host has done the one before.
#include <algorithm>
#include <fmt/format.h>

#include "cli/change/base.hpp"
#include "cli/change/cluster_change.hpp"
#include "cli/change/host_links.hpp"
#include "cli/change/text_difference.hpp"
#include "cli/commands.hpp"
#include "config/edit/cluster_edit.hpp"
#include "config/edit/yaml_tree.hpp"
#include "config/remote_sealer.hpp"
#include "config/transfer.hpp"

namespace nlb::cli {
namespace {

using config::ClusterEdit;
using config::EditKind;

class Rotation {
public:
    Rotation(const Options& options, Console& console) : options_(options), console_(console) {}

    ExitCode run() {
        if (const Status ready = config::prepare_sealing(); !ready) return refuse(ready.error());
        if (const auto code = read_base(options_, console_, base_)) return *code;
        auto links = links_to_hosts(options_, base_);
        if (!links) return refuse(links.error());
        ClusterChange change(console_, base_, links.value());
        change_ = &change;
        key_ = config::new_key_bytes();
        name_ = fmt::format("{}-{}.key", base_.cluster,
                            config::digest_of_bytes(config::new_key_bytes()).substr(0, 8));
        const auto highest = change.ask_for_room();
        if (!highest) return refuse(nothing_changed(highest.error()));
        ClusterEdit edit{
            EditKind::use_key, name_, {}, std::max(base_.next_generation(), highest.value() + 1)};
        auto both = edited(*base_.told.text, base_.config, edit);
        if (!both) return refuse(both.error());
        generation_ = edit.generation;
        if (options_.plan_only) return plan(both.value().text);
        if (const Status brought = change.bring_key(name_, key_); !brought)
            return refuse(nothing_changed(brought.error()));
        console_.say(fmt::format("every host has the new key, {}", name_));
        if (const Status used = put_in_force(change, both.value()); !used)
            return refuse(used.error());
        console_.say("every host sends under the new key; the former one is accepted still");
        return retire(links.value(), both.value());
    }

private:
    [[nodiscard]] Result<config::Loaded> edited(const std::string& text,
                                                const config::Config& before,
                                                const ClusterEdit& edit) const {
        const auto fresh = config::edit_cluster(text, before, base_.cluster, edit);
        if (!fresh) return fresh.error();
        return config::load_text(fresh.value(), base_.told.file, base_.told.own_file);
    }

    static Status put_in_force(ClusterChange& change, const config::Loaded& after) {
        if (const Status offered = change.offer(after.text, after.config); !offered)
            return nothing_changed(offered.error());
        if (const Status used = change.use(std::nullopt); !used)
            return nothing_changed(used.error());
        return change.wait_until_in_force();
    }

    // From what is in force now: that both keys are accepted.
    ExitCode retire(const std::vector<HostLink>& links, const config::Loaded& both) {
        Base next = base_;
        next.config = both.config;
        next.told.text = both.text;
        next.told.generation = generation_;
        ClusterEdit edit{EditKind::retire_key, former_name(), {}, next.next_generation()};
        const auto alone = edited(both.text, both.config, edit);
        if (!alone) return refuse(alone.error());
        ClusterChange change(console_, next, links);
        change_ = &change;
        if (const Status used = put_in_force(change, alone.value()); !used)
            return refuse(Error{"the new key is in force, and the former one is accepted still: " +
                                used.error().message});
        generation_ = edit.generation;
        return finish(
            fmt::format("keys rotate: {} is the key of every host, and {} is accepted no more",
                        name_, former_name()));
    }

    // As the text in force writes it.
    [[nodiscard]] std::string former_name() const {
        const auto tree = config::read_yaml_tree(*base_.told.text);
        const auto* const clusters = tree ? tree.value().find("clusters") : nullptr;
        if (clusters == nullptr) return "";
        for (const config::YamlNode& cluster : clusters->items) {
            const auto* const name = cluster.find("name");
            const auto* const file = cluster.find("key_file");
            if (name != nullptr && file != nullptr && name->scalar == base_.cluster)
                return file->scalar;
        }
        return "";
    }

    ExitCode plan(const std::string& text) {
        difference_ = difference_of(*base_.told.text, text);
        console_.say(difference_);
        return finish(
            "this is a plan: nothing was changed. A new key would go to every host; all would "
            "change over together and accept both; then the former one would retire");
    }

    [[nodiscard]] Json answer(bool ok, const std::string& message) const {
        Json json = change_answer(ok, message, base_, change_);
        json["generation"] = generation_;
        json["key_file"] = name_;
        json["difference"] = difference_;
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
    std::string name_;
    std::string key_;
    std::uint64_t generation_ = 0;
    std::string difference_;
    const ClusterChange* change_ = nullptr;
};

}  // namespace

ExitCode run_keys(const Options& options, Console& console) {
    return Rotation(options, console).run();
}

}  // namespace nlb::cli
