// What the objects of one Membership ask for while an event is handled, in the order in which they
// ask. It decides nothing and keeps nothing but the wish to speak, which lasts until a heartbeat
// has left.
#pragma once

#include <utility>

#include "core/cluster/actions.hpp"

namespace nlb {

class Outbox {
public:
    void push(Action action) { actions_.push_back(std::move(action)); }
    // Something changed that the others should know at once.
    void speak_soon() { speak_soon_ = true; }
    [[nodiscard]] bool wants_to_speak() const { return speak_soon_; }
    void has_spoken() { speak_soon_ = false; }

    [[nodiscard]] const Actions& actions() const { return actions_; }
    [[nodiscard]] Actions take() { return std::exchange(actions_, {}); }
    void clear() { actions_.clear(); }
    // Everything of it that changes, for snapshots (controlplane/flight).
    template <class Self, class Each>
    static void fields(Self& self, Each&& each) {
        each(self.actions_, self.speak_soon_);
    }

private:
    Actions actions_;
    bool speak_soon_ = false;
};

}  // namespace nlb
