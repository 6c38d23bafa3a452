// One write at a time; what changes meanwhile is written by the next.
#include "controlplane/loop/state_keeper.hpp"

namespace nlb::controlplane {

StateKeeper::~StateKeeper() {
    writer_.join();
}

const StoredState& StateKeeper::read() {
    wanted_ = written_ = read_state(path_);
    return wanted_;
}

void StateKeeper::keep(StoredState state) {
    if (state == wanted_) return;
    wanted_ = std::move(state);
    write();
}

void StateKeeper::write() {
    if (busy_ || wanted_ == written_) return;
    busy_ = true;
    asio::post(writer_, [this, state = wanted_] {
        const Status done = write_state(path_, state);
        asio::post(loop_, [this, state, done] { on_written(state, done); });
    });
}

void StateKeeper::on_written(const StoredState& state, const Status& done) {
    busy_ = false;
    if (done) {
        written_ = state;
        if (failing_) events_.on_event({EventId::state_kept, {{"file", path_}}});
        failing_ = false;
        return write();
    }
    if (!failing_)
        events_.on_event({EventId::state_not_kept,
                          {{"because", done.error().message}, {"next", "it is tried again"}}});
    failing_ = true;
    retry_.expires_after(retry_after_);
    retry_.async_wait([this](const asio::error_code& stopped) {
        if (!stopped) write();
    });
}

void StateKeeper::finish() {
    writer_.join();
    if (wanted_ == written_) return;
    if (const Status done = write_state(path_, wanted_); !done)
        events_.on_event({EventId::state_not_kept, {{"because", done.error().message}}});
}

}  // namespace nlb::controlplane
