// hosts, rules and vips: the file in force is edited, shown, offered to every host and used. With
// --plan it ends before anything is used.
#include <algorithm>
#include <chrono>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <thread>

#include "cli/change/base.hpp"
#include "cli/change/cluster_change.hpp"
#include "cli/change/host_links.hpp"
#include "cli/change/text_difference.hpp"
#include "cli/commands.hpp"
#include "cli/control_request.hpp"
#include "cli/plan_view.hpp"
#include "cli/text_table.hpp"
#include "config/edit/cluster_edit.hpp"
#include "config/remote_sealer.hpp"

namespace nlb::cli {
namespace {

using config::ClusterEdit;
using config::EditKind;
using Clock = std::chrono::steady_clock;

constexpr Duration kDrainWithin = std::chrono::seconds{60};
constexpr Duration kQuestionTimeout = std::chrono::seconds{2};
constexpr std::chrono::milliseconds kLookEvery{500};

EditKind kind_of(const Options& options) {
    const bool add = options.action == "add";
    if (options.command == "hosts") return add ? EditKind::add_host : EditKind::remove_host;
    if (options.command == "vips") return add ? EditKind::add_vip : EditKind::remove_vip;
    if (options.action == "set") return EditKind::set_rule;
    return add ? EditKind::add_rule : EditKind::remove_rule;
}

class Change {
public:
    Change(const Options& options, Console& console) : options_(options), console_(console) {}

    ExitCode run() {
        if (const auto code = prepare()) return *code;
        auto links = links_to_hosts(options_, base_);
        if (!links) return refuse(links.error());
        if (const Status apart = part_leaver(links.value()); !apart) return refuse(apart.error());
        ClusterChange change(console_, base_, std::move(links.value()));
        change_ = &change;
        const auto highest = change.ask_for_room();
        if (!highest) return refuse(nothing_changed(highest.error()));
        if (const auto code = edit(std::max(base_.next_generation(), highest.value() + 1)))
            return *code;
        if (const auto code = show_plan_of_it()) return *code;
        if (const Status offered = change.offer(text_, after_.config); !offered)
            return refuse(nothing_changed(offered.error()));
        if (options_.plan_only) return finish("this is a plan: nothing was changed");
        if (const Status gone = send_off(); !gone) return refuse(gone.error());
        sent_off_ = leaver_.has_value();
        if (const Status used = change.use(options_.max_moves); !used)
            return refuse(nothing_changed(used.error()));
        if (const Status in_force = change.wait_until_in_force(); !in_force)
            return refuse(in_force.error());
        return finish(closing_words());
    }

private:
    // What is meant, and what is in force.
    std::optional<ExitCode> prepare() {
        if (const Status ready = config::prepare_sealing(); !ready) return refuse(ready.error());
        const auto keys = config::key_values_of(options_.words);
        if (!keys) return console_.fail_usage(keys.error());
        edit_ = {kind_of(options_), options_.subject, keys.value(), 0};
        const bool takes_keys = edit_.kind == EditKind::add_rule ||
                                edit_.kind == EditKind::set_rule ||
                                edit_.kind == EditKind::add_host;
        if (!takes_keys && !edit_.keys.empty())
            return console_.fail_usage(Error{options_.action + " takes no KEY=VALUE"});
        if (edit_.kind == EditKind::set_rule && edit_.keys.empty())
            return console_.fail_usage(Error{"expected KEY=VALUE, such as ports=80"});
        if (const auto code = read_base(options_, console_, base_)) return code;
        // Mistakes are told before any host is asked.
        return edit(base_.next_generation());
    }

    std::optional<ExitCode> edit(std::uint64_t generation) {
        edit_.generation = generation;
        auto edited = config::edit_cluster(*base_.told.text, base_.config, base_.cluster, edit_);
        if (!edited) return console_.fail_usage(edited.error());
        text_ = std::move(edited.value());
        auto loaded = config::load_text(text_, base_.told.file, base_.told.own_file);
        if (!loaded) return console_.fail_configuration(loaded.error());
        after_ = std::move(loaded.value());
        difference_ = difference_of(*base_.told.text, text_);
        return std::nullopt;
    }

    // What `nlb plan` says, when it is asked for or bounded.
    std::optional<ExitCode> show_plan_of_it() {
        if (options_.plan_only) console_.say(difference_);
        if (!options_.plan_only && !options_.max_moves) return std::nullopt;
        Options asking = options_;
        asking.cluster = base_.cluster;
        asking.config_given = false;
        if (const auto code = choose_map(asking, console_, false, map_)) return code;
        const auto plan = plan_of_new_configuration(map_, after_.config);
        if (!plan) return refuse(plan.error());
        plan_ = plan_in_json(map_, plan.value());
        if (options_.plan_only) show_plan(map_, plan.value(), console_);
        if (options_.max_moves && plan.value().changed_hands() > *options_.max_moves)
            return refuse(Error{too_many_moves(plan.value(), *options_.max_moves)});
        return std::nullopt;
    }

    // A host that is taken out need not take the file, and must not serve when the others use it.
    Status part_leaver(std::vector<HostLink>& links) {
        if (edit_.kind != EditKind::remove_host) return Done{};
        const auto found = std::find_if(links.begin(), links.end(), [this](const HostLink& link) {
            return link.host == edit_.name;
        });
        if (found == links.end()) return Done{};
        if (found->is_here())
            return Error{"this command runs on " + edit_.name + ": type it on another host"};
        leaver_ = std::move(*found);
        links.erase(found);
        return Done{};
    }

    // Drained first. Who is not heard by the others has nothing to drain.
    Status send_off() {
        if (!leaver_) return Done{};
        const auto* const told = base_.told.find([this] {
            for (const config::Host& host : base_.in_force().hosts)
                if (host.name == leaver_->host) return host.id;
            return kNoHost;
        }());
        const bool takes_part = told != nullptr && told->member;
        const Json question{{"command", "query"}, {"cluster", base_.cluster}};
        ControlReply reply = leaver_->ask(question, kQuestionTimeout);
        if (!reply.answered && !takes_part) return Done{};
        if (!reply.answered)
            return Error{
                fmt::format("nothing was changed: {} takes part in the cluster, and {}; "
                            "stop its programs there first",
                            leaver_->host, reply.message)};
        if (is_stopped(reply)) return Done{};
        const Json drain{{"command", "drainstop"}, {"cluster", base_.cluster}, {"timeout_ms", 500}};
        reply = leaver_->ask(drain, kQuestionTimeout);
        if (!reply.answered || !flag_of(reply.json, "ok"))
            return Error{fmt::format("nothing was changed: {} is to be stopped first: {}",
                                     leaver_->host,
                                     reply.answered ? refusal_in(reply.json) : reply.message)};
        return wait_for_drain(question);
    }

    Status wait_for_drain(const Json& question) {
        const Duration patience = options_.timeout_given ? options_.timeout : kDrainWithin;
        const auto deadline = Clock::now() + patience;
        std::int64_t told = -1;
        for (;;) {
            const ControlReply reply = leaver_->ask(question, kQuestionTimeout);
            if (reply.answered && is_stopped(reply)) return Done{};
            std::int64_t left = 0;
            for (const Json& cluster : list_of(reply.json, "clusters"))
                for (const Json& rule : list_of(cluster, "rules"))
                    left += number_of(rule, "connections");
            if (Clock::now() >= deadline)
                return Error{fmt::format(
                    "{0} drains and still has {1} after {2}; no file was changed. Wait longer with "
                    "--timeout, cut them with `nlb stop --host {0}` and say this again, or keep "
                    "the host with `nlb start --host {0}`",
                    leaver_->host, counted(static_cast<std::size_t>(left), "connection"),
                    std::chrono::duration_cast<std::chrono::milliseconds>(patience))};
            if (left != told)
                console_.aside(fmt::format("{} drains: {} left", leaver_->host,
                                           counted(static_cast<std::size_t>(left), "connection")));
            told = left;
            std::this_thread::sleep_for(kLookEvery);
        }
    }

    static bool is_stopped(const ControlReply& reply) {
        const Json& clusters = list_of(reply.json, "clusters");
        return std::all_of(clusters.begin(), clusters.end(), [](const Json& cluster) {
            const std::string state = text_of(cluster, "state");
            return state == "stopped" || state == "suspended";
        });
    }

    [[nodiscard]] std::string closing_words() const {
        const std::string done = fmt::format("{} {} {}: in force on every host", options_.command,
                                             options_.action, options_.subject);
        if (edit_.kind == EditKind::add_host)
            return fmt::format(
                "{}; on {}, put what `nlb config show` prints here into {} and the "
                "keys beside it, and start nlb there",
                done, edit_.name, base_.told.own_file);
        if (edit_.kind == EditKind::remove_host)
            return fmt::format("{}; on {}: `systemctl disable --now nlb.target`", done, edit_.name);
        return done;
    }

    [[nodiscard]] Error nothing_changed(const Error& why) const {
        if (!sent_off_) return cli::nothing_changed(why);
        return Error{
            fmt::format("no file was changed, and {0} is stopped (`nlb start --host {0}`): {1}",
                        leaver_->host, why.message)};
    }

    [[nodiscard]] Json answer(bool ok, const std::string& message) const {
        Json json = change_answer(ok, message, base_, change_);
        json["generation"] = edit_.generation;
        json["difference"] = difference_;
        json["plan"] = plan_;
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
    ClusterEdit edit_;
    std::string text_;
    config::Loaded after_;
    std::string difference_;
    MapInUse map_;
    Json plan_;
    std::optional<HostLink> leaver_;
    bool sent_off_ = false;
    const ClusterChange* change_ = nullptr;
};

}  // namespace

ExitCode run_change(const Options& options, Console& console) {
    return Change(options, console).run();
}

}  // namespace nlb::cli
