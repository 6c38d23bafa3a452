// A new configuration for all hosts of a cluster, or for none: every host has it and has checked it
// before the first one uses it, and who used it gives it up again when another one refuses. When
// hosts change over is decided by their two-phase reload.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/change/base.hpp"
#include "cli/change/host_links.hpp"
#include "cli/console.hpp"

namespace nlb::cli {

struct HostOutcome {
    std::string host;
    bool ok = false;
    std::string message;
    std::uint64_t generation = 0;  // in force there; 0: it has not said
    std::string state;
};

class ClusterChange {
public:
    // Hosts change over within a second; longer than this one of them stays away.
    static constexpr Duration kInForceWithin = std::chrono::seconds{30};

    // What they refer to outlives it. `links`: the hosts that are to take it.
    ClusterChange(Console& console, const Base& base, std::vector<HostLink> links);

    // `text`, which reads as `after`, is brought to every host, and checked there against what the
    // file in force here lets expect. Nothing is changed. An error names a host.
    [[nodiscard]] Status offer(const std::string& text, const config::Config& after);
    // The same for a host whose file may differ in anything, without a comparison: the lines that
    // it would change there. Requires: one link.
    [[nodiscard]] Result<std::vector<std::string>> bring(const std::string& text);
    // Requires: offer() or bring() was done.
    [[nodiscard]] Status use(std::optional<std::uint64_t> max_moves);
    // Until every host goes by it.
    [[nodiscard]] Status wait_until_in_force();
    // A key to every host. Nothing uses it yet.
    [[nodiscard]] Status bring_key(const std::string& name, const std::string& bytes);
    // Whether every host would take a file, and the highest generation that one of them knows.
    [[nodiscard]] Result<std::uint64_t> ask_for_room();

    // Of the last step, in the order of the links.
    [[nodiscard]] const std::vector<HostOutcome>& outcomes() const { return outcomes_; }
    [[nodiscard]] Json outcomes_in_json() const;
    void show_outcomes() const;

private:
    [[nodiscard]] std::vector<ControlReply> upload_all(const Upload& what,
                                                       const std::string& doing);
    [[nodiscard]] Result<std::vector<ControlReply>> bring_all(const std::string& text);
    [[nodiscard]] Status note(const std::vector<ControlReply>& replies, const std::string& doing);
    [[nodiscard]] Status compare_changes(const std::vector<ControlReply>& replies,
                                         const config::Config& after);
    void undo(const std::vector<ControlReply>& replies);
    [[nodiscard]] bool look();

    Console& console_;
    const Base& base_;
    std::vector<HostLink> links_;
    std::vector<HostOutcome> outcomes_;
    std::string digest_;
};

// How a change of the whole cluster ends, in words or as `answer`. `change`: nullptr: no host was
// asked.
ExitCode refuse_change(Console& console, const ClusterChange* change, const Json& answer,
                       const Error& why);
ExitCode finish_change(Console& console, const ClusterChange& change, const Json& answer,
                       const std::string& message);
// An error before anything was used anywhere.
[[nodiscard]] Error nothing_changed(const Error& why);
// What both answers hold; whoever changes adds what is his.
[[nodiscard]] Json change_answer(bool ok, const std::string& message, const Base& base,
                                 const ClusterChange* change);

}  // namespace nlb::cli
