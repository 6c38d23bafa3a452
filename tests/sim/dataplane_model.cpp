// The machine around a simulated dataplane; see the header.
#include "tests/sim/dataplane_model.hpp"

#include <utility>

#include "tests/sim/world.hpp"

namespace nlb::sim {

void DataplaneModel::boot() {
    if (alive()) return;
    ++life_;
    stopped_ = false;
    nic_.clear();
    process_ = std::make_unique<DataplaneProcess>(world_, id_);
    world_.note(id_, [] { return "dataplane boots"; });
    keep_ticking();
}

void DataplaneModel::keep_ticking() {
    world_.scheduler().after(kTick, [this, life = life_] {
        if (life != life_ || !alive()) return;
        if (!stopped_) process_->tick();
        keep_ticking();
    });
}

void DataplaneModel::die() {
    if (!alive()) return;
    ++life_;
    ++world_.host(id_).interruptions;
    std::vector<std::uint64_t> peers = process_->waiting_peers();
    peers.push_back(process_->peer());
    process_->die();
    const std::shared_ptr<DataplaneProcess> dead{std::move(process_)};
    world_.scheduler().after(Duration{0}, [dead] {});
    world_.note(id_, [] { return "dataplane dies"; });
    for (const std::uint64_t peer : peers) world_.host(id_).control.on_closed(peer);
    world_.acceptance_changed(id_);
}

void DataplaneModel::stop() {
    if (!alive() || stopped_) return;
    stopped_ = true;
    world_.note(id_, [] { return "dataplane stopped"; });
    world_.acceptance_changed(id_);
}

void DataplaneModel::resume() {
    if (!alive() || !stopped_) return;
    stopped_ = false;
    world_.note(id_, [] { return "dataplane resumes"; });
    world_.acceptance_changed(id_);
    std::deque<WireFrame> waiting;
    waiting.swap(nic_);
    const bool frames_first = world_.prng().chance(500'000);
    if (!frames_first) process_->go_on();
    for (const WireFrame& frame : waiting) process_->receive(frame);
    if (frames_first) process_->go_on();
}

void DataplaneModel::set_link(bool up) {
    if (link_up_ == up) return;
    link_up_ = up;
    world_.note(id_, [up] { return up ? "link up" : "link down"; });
    world_.acceptance_changed(id_);
}

void DataplaneModel::set_deaf(bool deaf) {
    if (deaf_ == deaf) return;
    deaf_ = deaf;
    world_.network().set_deaf(id_, deaf);
    world_.note(id_, [deaf] { return deaf ? "hears nothing any more" : "hears again"; });
}

void DataplaneModel::connect(std::uint64_t connection) {
    if (alive()) process_->on_connect(connection);
}

void DataplaneModel::hear(std::uint64_t connection, Bytes datagram) {
    if (alive()) process_->hear(connection, std::move(datagram));
}

void DataplaneModel::on_hung_up(std::uint64_t connection) {
    if (alive()) process_->on_hung_up(connection);
}

void DataplaneModel::receive(const WireFrame& frame) {
    if (!alive() || !link_up_ || deaf_) return;
    if (!stopped_)
        process_->receive(frame);
    else if (nic_.size() < kReceiveQueue)
        nic_.push_back(frame);
}

bool DataplaneModel::is_open() const {
    // a deaf one accepts nothing, but it could from the next moment on
    if (!alive() || stopped_ || !link_up_ || !process_->link_seen()) return false;
    return world_.settings().no_fence || process_->holds(world_.local_time(id_));
}

}  // namespace nlb::sim
