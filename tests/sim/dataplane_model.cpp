// The simulated dataplane; see the header.
#include "tests/sim/dataplane_model.hpp"

#include "core/base/assert.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

template <class Combine>
void combine(RuleMasks& into, const RuleMasks& with, Combine&& per_mask) {
    for (std::size_t slot = 0; slot < kRuleSlots; ++slot)
        into[slot] = per_mask(into[slot], with[slot]);
}

}  // namespace

void DataplaneModel::boot() {
    if (alive_) return;
    ++life_;
    alive_ = true;
    stopped_ = pumping_ = install_overdue_ = false;
    connection_ = 0;
    inbox_.clear();
    nic_.clear();
    installing_.reset();
    possible_ = certain_ = {};
    installed_ = {};
    connections_ = std::make_unique<SimpleConnections>();
    clients_ = std::make_unique<ClientTable>(kClients);
    valid_until_ = last_rx_ = kLongAgo;
    block_.reset();
    world_.note(id_, [] { return "dataplane boots"; });
    world_.host(id_).control.on_dataplane_back();
}

void DataplaneModel::die() {
    if (!alive_) return;
    alive_ = false;
    ++life_;
    ++world_.host(id_).interruptions;
    const std::uint64_t connection = connection_;
    connection_ = 0;
    inbox_.clear();
    world_.note(id_, [] { return "dataplane dies"; });
    if (connection != 0) world_.host(id_).control.on_dataplane_gone();
    world_.acceptance_changed(id_);
}

void DataplaneModel::stop() {
    if (!alive_ || stopped_) return;
    stopped_ = true;
    world_.note(id_, [] { return "dataplane stopped"; });
    world_.acceptance_changed(id_);
}

void DataplaneModel::resume() {
    if (!alive_ || !stopped_) return;
    stopped_ = false;
    world_.note(id_, [] { return "dataplane resumes"; });
    world_.acceptance_changed(id_);
    std::deque<WireFrame> waiting;
    waiting.swap(nic_);
    const bool frames_first = world_.prng().chance(500'000);
    if (frames_first)
        for (const WireFrame& frame : waiting) punt(frame);
    tell_link();
    if (install_overdue_) finish_install();
    pump();
    if (!frames_first)
        for (const WireFrame& frame : waiting) punt(frame);
}

void DataplaneModel::set_link(bool up) {
    if (link_up_ == up) return;
    link_up_ = up;
    world_.note(id_, [up] { return up ? "link up" : "link down"; });
    tell_link();
    world_.acceptance_changed(id_);
}

void DataplaneModel::set_deaf(bool deaf) {
    if (deaf_ == deaf) return;
    deaf_ = deaf;
    world_.network().set_deaf(id_, deaf);
    world_.note(id_, [deaf] { return deaf ? "hears nothing any more" : "hears again"; });
}

void DataplaneModel::note_reception() {
    last_rx_ = world_.local_time(id_);
}

void DataplaneModel::tell_link() {
    if (connection_ == 0 || stopped_ || told_link_ == link_up_) return;
    told_link_ = link_up_;
    world_.host(id_).control.post(LinkItem{link_up_});
}

void DataplaneModel::connect(std::uint64_t connection) {
    post(connection, ConnectMessage{connection});
}

void DataplaneModel::post(std::uint64_t connection, DataplaneMessage message) {
    if (!alive_) return;
    inbox_.emplace_back(connection, std::move(message));
    if (pumping_ || stopped_) return;
    if (world_.prng().chance(800'000)) {
        pump();
        return;
    }
    pumping_ = true;
    world_.scheduler().after(Duration{world_.prng().between(5'000, 80'000)}, [this, life = life_] {
        if (life != life_) return;
        pumping_ = false;
        pump();
    });
}

void DataplaneModel::pump() {
    while (alive_ && !stopped_ && !pumping_ && !inbox_.empty()) {
        const DataplaneMessage& next = inbox_.front().second;
        const bool needs_quiet = std::holds_alternative<InstallMessage>(next) ||
                                 std::holds_alternative<ConnectMessage>(next);
        if (installing_ && (needs_quiet || world_.settings().install_blocks)) return;
        auto [connection, taken] = std::move(inbox_.front());
        inbox_.pop_front();
        if (!std::holds_alternative<ConnectMessage>(taken) && connection != connection_) continue;
        std::visit([this](auto& body) { handle(body); }, taken);
        if (inbox_.empty() || !world_.prng().chance(100'000)) continue;
        pumping_ = true;
        world_.scheduler().after(Duration{world_.prng().between(5'000, 80'000)},
                                 [this, life = life_] {
                                     if (life != life_) return;
                                     pumping_ = false;
                                     pump();
                                 });
    }
}

void DataplaneModel::handle(const SendMessage& message) {
    if (link_up_) world_.transmit({message.bytes, id_, Origin::host});
}

void DataplaneModel::handle(const InstallMessage& message) {
    NLB_ASSERT(!installing_);
    installing_ = {connection_, message};
    Tables numbered{};
    numbered.self = id_;
    numbered.era = message.era;
    clients_->enter(numbered);
    installing_->second.generation = numbered.generation;
    const RuleMasks own = world_.by_port(message.own, message.variant);
    combine(certain_, own, [](BucketMask a, BucketMask b) { return a & b; });
    combine(possible_, own, [](BucketMask a, BucketMask b) { return a | b; });
    if (message.variant != installed_.variant)
        connections_->flow_index().begin_reindexing(message.variant + 1U);
    world_.acceptance_changed(id_);
    if (world_.settings().shell_mutation == ShellMutation::installed_early)
        world_.host(id_).control.post(InstalledItem{message.token, dirty()});
    const Duration length{world_.prng().between(20'000, world_.settings().install_max.count())};
    world_.scheduler().after(length, [this, life = life_] {
        if (life != life_) return;
        if (stopped_)
            install_overdue_ = true;
        else
            finish_install();
    });
}

void DataplaneModel::handle(const GrantsMessage& message) {
    for (const GivenGrant& grant : message.grants)
        static_cast<void>(clients_->give(message.era, grant, world_.local_time(id_)));
}

void DataplaneModel::pass_requests_on() {
    RequestsItem item;
    item.requests.resize(ClientTable::kWays);
    item.requests.resize(clients_->take_requests(item.requests));
    if (item.requests.empty() || connection_ == 0) return;
    const auto deliver = [this, life = life_, connection = connection_, item] {
        if (life == life_ && connection == connection_) world_.host(id_).control.post(item);
    };
    world_.scheduler().after(Duration{world_.prng().between(5'000, 200'000)}, deliver);
}

void DataplaneModel::finish_install() {
    install_overdue_ = false;
    const auto [connection, message] = *installing_;
    installing_.reset();
    possible_ = certain_ = world_.by_port(message.own, message.variant);
    if (message.variant != installed_.variant)
        connections_->reindex_all(world_.workload().tables_of(message.variant));
    installed_ = message;
    world_.acceptance_changed(id_);
    const bool told = world_.settings().shell_mutation == ShellMutation::installed_early;
    if (connection == connection_ && connection != 0 && !told)
        world_.host(id_).control.post(InstalledItem{message.token, dirty()});
    pump();
}

void DataplaneModel::handle(const LeaseMessage& message) {
    valid_until_ = message.valid_until;
    world_.acceptance_changed(id_);
}

void DataplaneModel::handle(StoreMessage& message) {
    block_ = std::move(message.checkpoint);
}

void DataplaneModel::handle(const ConnectMessage& message) {
    connection_ = message.connection;
    HelloItem hello;
    hello.connection = connection_;
    hello.link_up = told_link_ = link_up_;
    hello.variant = installed_.variant;
    if (block_) {
        const auto bytes = encode_checkpoint(*block_);
        const auto checkpoint = decode_checkpoint(bytes);
        NLB_ASSERT(checkpoint && *checkpoint == *block_);
        hello.memory = DataplaneMemory{*checkpoint, valid_until_,
                                       world_.by_rule(certain_, installed_.variant), dirty()};
    }
    world_.host(id_).control.post(std::move(hello));
}

void DataplaneModel::receive(const WireFrame& frame) {
    if (!alive_ || !link_up_ || deaf_) return;
    if (!stopped_)
        punt(frame);
    else if (nic_.size() < kQueueFrames)
        nic_.push_back(frame);
}

void DataplaneModel::punt(const WireFrame& frame) {
    note_reception();
    if (connection_ != 0) world_.host(id_).control.receive(frame);
}

void DataplaneModel::handle(const StatusRequestMessage&) {
    world_.host(id_).control.post(StatusItem{dirty(), last_rx_});
}

// Buckets with descriptors here that are not this host's by the newest tables.
RuleMasks DataplaneModel::dirty() const {
    RuleMasks dirty = connections_->flow_index().held();
    combine(dirty, installing_ ? installing_->second.own : installed_.own,
            [](BucketMask held, BucketMask own) { return held & ~own; });
    return dirty;
}

const InstallMessage& DataplaneModel::tables_of_some_core() const {
    return installing_ && world_.prng().chance(500'000) ? installing_->second : installed_;
}

bool DataplaneModel::is_open() const {
    // a deaf one accepts nothing, but it could from the next moment on
    if (!alive_ || stopped_ || !link_up_) return false;
    return world_.settings().shell_mutation == ShellMutation::no_fence ||
           world_.local_time(id_) < valid_until_;
}

}  // namespace nlb::sim
