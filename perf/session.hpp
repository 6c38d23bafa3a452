// Starting and stopping the forwarding cores, and what they did in between. Main only; cores see
// nothing but their engines and the word that tells them to stop.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "perf/engine.hpp"
#include "perf/parts.hpp"
#include "perf/port_set.hpp"

namespace nlb::perf {

class Session {
public:
    Session(const Options& options, PortSet& ports) : options_(options), ports_(ports) {}
    ~Session() { stop(); }

    // Makes engines for options().mode and launches them. An error leaves everything stopped.
    // What a stopped session knows, such as connections, is kept for the next start unless the
    // options ask for other engines.
    Status start();
    void stop();
    [[nodiscard]] bool running() const { return !cores_.empty() && running_; }

    // Forwards for the warm-up, then as long as the options say or until `interrupted`; shows
    // statistics each period. Generators of a trial stop first, and what is under way has time to
    // arrive.
    void measure(const std::atomic<bool>& interrupted);
    // testpmd's words for what happened since the start.
    void print_forward_statistics() const;
    [[nodiscard]] Json result() const;

    void set_mode(Mode mode) { options_.mode = mode; }
    [[nodiscard]] Options& options() { return options_; }
    void show_ports();
    void clear_ports();
    [[nodiscard]] std::size_t port_count() const { return ports_.ports().size(); }

private:
    struct Core {
        std::vector<std::unique_ptr<Part>> parts;
        const std::atomic<bool>* stop = nullptr;
        unsigned lcore = 0;
    };
    static int run_core(void* core);
    Status make_cores();
    [[nodiscard]] bool are_as_wished() const;
    template <class Visit>
    void for_each_part(Visit&& visit) const {
        for (const auto& core : cores_)
            for (const auto& part : core->parts) visit(*part);
    }
    [[nodiscard]] StreamCounters sum() const;
    [[nodiscard]] StreamCounters sum_of(Role role) const;
    void rest(double seconds, const std::atomic<bool>& interrupted, bool until_packets);
    [[nodiscard]] Json trial_result() const;

    Options options_;
    Options made_for_;
    PortSet& ports_;
    PortDisplay display_;
    std::vector<std::unique_ptr<Stream>> streams_;
    std::vector<std::unique_ptr<Core>> cores_;
    std::atomic<bool> stop_{false};  // publishes nothing but itself
    bool running_ = false;
    // What was counted when the measurement began, and how long it took.
    StreamCounters base_;
    rte_eth_stats port_base_{};
    rte_eth_stats port_end_{};
    double seconds_ = 0;
};

}  // namespace nlb::perf
