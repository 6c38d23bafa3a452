// What this host could hear, and for how long: listening time (R5), deafness (R12). Listening time
// is the time in which the control loop ran and the dataplane showed life; only silence in it
// proves anything. It knows no peer and sends nothing.
#pragma once

#include <optional>

#include "core/base/types.hpp"
#include "core/cluster/sibling.hpp"
#include "core/cluster/timing.hpp"

namespace nlb {

class Listening {
public:
    explicit Listening(const Timing& timing) : timing_(timing) {}

    // A start of the control plane: what came in before is no sign that anything does.
    void start(Instant now);
    // Time goes on. How much of it was missed: this loop, or the dataplane, stood still.
    [[nodiscard]] Duration advance(Instant now);
    // By the last advance(): this loop stood still for more than 1.3 P, or the dataplane has been
    // found silent for as long. What this host would acknowledge now is what it heard before. Once
    // for each silence of the dataplane.
    [[nodiscard]] bool stood_still() const { return stood_still_; }
    // For how long the dataplane has shown no life.
    [[nodiscard]] Duration mute_for() const;
    // Any answer that the dataplane made at `now`; `last_rx`: when the newest frame of any kind
    // came in from outside. Requires: called at least each half period while the dataplane runs.
    void on_dataplane_alive(Instant now, Instant last_rx);
    void note_reception();
    // R12: what hearing nothing, or something again, means. `joins`: this host is no member;
    // `company`: somebody's silence could be this host's own deafness; `others`: other hosts are
    // configured.
    enum class Deafness : std::uint8_t {
        unchanged,
        asks,    // witnesses shall be asked; an answer of any kind ends the suspicion
        begins,  // nobody answered
        ends,
    };
    [[nodiscard]] Deafness judge_deafness(bool joins, bool company, bool others);
    // A host that begun on a silent wire hears something for the first time: before it answers
    // anybody it hears out who else is there.
    void hear_out() { hear_out_from_ = time_; }
    // `signs`: somebody is heard who may serve. Whether it does shows within two of its heartbeats,
    // if it hears this host; this host waits no longer than a beginner does.
    [[nodiscard]] bool hears_out(bool signs) const {
        if (!hear_out_from_) return false;
        const Duration heard = since(*hear_out_from_);
        return heard < timing_->answer_after || (signs && heard < timing_->patience);
    }
    void has_heard_out() { hear_out_from_.reset(); }
    // From now on this host listens for the beginnings of others.
    void listen_anew() {
        listening_since_ = time_;
        hear_out_from_.reset();
    }
    void set_link(bool up) { link_up_ = up; }

    [[nodiscard]] Instant now() const { return now_; }
    // In listening time.
    [[nodiscard]] Duration time() const { return time_; }
    [[nodiscard]] Duration since(Duration moment) const { return time_ - moment; }
    // The newest sign of life of the dataplane.
    [[nodiscard]] Instant alive_at() const { return alive_at_; }
    [[nodiscard]] Duration listened_for() const { return time_ - listening_since_; }
    // For longer than T*P: every living host's beginning was heard, and this one's silence too.
    [[nodiscard]] bool has_listened() const { return listened_for() > timing_->bury_after; }
    // No frame of any kind for T1.
    [[nodiscard]] bool hears_nothing() const { return since(heard_any_at_) > timing_->drop_after; }
    // Some frame came in since the start.
    [[nodiscard]] bool heard_anything() const { return heard_anything_; }
    // R12: nothing is heard although there were others; said to them, and the cores are fenced.
    [[nodiscard]] bool deaf() const { return deaf_; }
    [[nodiscard]] bool link_up() const { return link_up_; }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.now_, self.last_run_, self.alive_at_, self.last_rx_, self.time_,
             self.listening_since_, self.heard_any_at_, self.asked_at_, self.ask_next_at_,
             self.hear_out_from_, self.heard_anything_, self.deaf_, self.link_up_, self.mute_,
             self.stood_still_);
    }

private:
    [[nodiscard]] Duration heard_through(Duration gap) const;

    Sibling<const Timing> timing_;
    Instant now_ = kLongAgo;
    Instant last_run_ = kLongAgo;
    Instant alive_at_ = kLongAgo;
    Instant last_rx_ = kLongAgo;  // the newest frame of any kind, by the dataplane's word
    // In listening time:
    Duration time_{};
    Duration listening_since_{};
    Duration heard_any_at_{};
    std::optional<Duration> asked_at_;  // the witnesses, in this silence
    Duration ask_next_at_{};
    std::optional<Duration> hear_out_from_;
    bool heard_anything_ = false;
    bool deaf_ = false;
    bool link_up_ = true;
    bool mute_ = false;  // the dataplane: no sign of life for more than 1.3 P
    bool stood_still_ = false;
};

}  // namespace nlb
