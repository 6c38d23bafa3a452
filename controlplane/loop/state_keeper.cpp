// One write at a time; what changes meanwhile is written by the next.
#include "controlplane/loop/state_keeper.hpp"

#include "config/daemon/state_directory.hpp"

namespace nlb::controlplane {

StateKeeper::~StateKeeper() {
    writer_.join();
}

const StoredState& StateKeeper::read() {
    auto found = read_state(path_);
    if (found)
        wanted_ = written_ = std::move(found.value());
    else
        unreadable_ = found.error().message;
    return wanted_;
}

void StateKeeper::tell_unreadable() const {
    if (!unreadable_.empty())
        events_.on_event(
            {EventId::state_not_read,
             {{"because", unreadable_}, {"then", "`initial_state: last` means started"}}});
}

Status StateKeeper::write_below(const std::string& directory, const std::string& path,
                                const StoredState& state) {
    if (const Status made = daemon::make_state_directory(directory); !made) return made;
    return write_state(path, state);
}

void StateKeeper::keep(StoredState state) {
    if (state == wanted_) return;
    wanted_ = std::move(state);
    write();
}

void StateKeeper::write() {
    if (busy_) return;
    // What could not be written may be what the file holds again, because it was changed back.
    if (wanted_ == written_) return note_kept();
    busy_ = true;
    asio::post(writer_, [this, state = wanted_] {
        const Status done = write_below(directory_, path_, state);
        asio::post(loop_, [this, state, done] { on_written(state, done); });
    });
}

void StateKeeper::on_written(const StoredState& state, const Status& done) {
    busy_ = false;
    if (done) {
        written_ = state;
        note_kept();
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

void StateKeeper::note_kept() {
    if (failing_) events_.on_event({EventId::state_kept, {{"file", path_}}});
    failing_ = false;
}

void StateKeeper::finish() {
    writer_.join();
    if (wanted_ == written_) return;
    if (const Status done = write_below(directory_, path_, wanted_); !done)
        events_.on_event({EventId::state_not_kept, {{"because", done.error().message}}});
}

}  // namespace nlb::controlplane
