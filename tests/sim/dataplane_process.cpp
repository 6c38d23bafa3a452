// The simulated dataplane's process; see the header.
#include "tests/sim/dataplane_process.hpp"

#include <algorithm>
#include <utility>

#include "core/base/endian.hpp"
#include "core/explain.hpp"
#include "core/packet/headers.hpp"
#include "tests/sim/world.hpp"

namespace nlb::sim {
namespace {

// Tables before any control plane has spoken.
Tables first_tables(const World& world, HostId id) {
    Tables tables = world.files_of(id).tables_of(world.host(id).file);
    tables.self = world.host(id).acts_as;
    tables.masked_mac = masked_mac(tables.self, world.files_of(id).address());
    return tables;
}

bool is_of_other_vlan(const Bytes& frame) {
    constexpr std::size_t kEthertypeAt = 2 * sizeof(MacAddress);
    return load_big_endian<std::uint16_t>(frame.data() + kEthertypeAt) == kEthertypeVlan &&
           load_big_endian<std::uint16_t>(frame.data() + kEthertypeAt + 2) != 0;
}

}  // namespace

DataplaneProcess::DataplaneProcess(World& world, HostId id)
    : world_(world),
      id_(id),
      link_(world.files_of(id).name(), world.files_of(id).paired(world.host(id).acts_as),
            first_tables(world, id), kClients),
      server_(*this, *this),
      serving_(link_.tables()) {
    static_cast<void>(link_.look(world.host(id).dataplane.link_up(), now()));
}

template <class Event>
void DataplaneProcess::after(Duration delay, Event event) {
    world_.scheduler().after(delay, [weak = std::weak_ptr<bool>(alive_), event] {
        if (!weak.expired()) event();
    });
}

bool DataplaneProcess::stopped() const {
    return dead_ || world_.host(id_).dataplane.stopped();
}

Instant DataplaneProcess::now() const {
    return world_.local_time(id_);
}

void DataplaneProcess::on_connect(std::uint64_t connection) {
    backlog_.push_back({connection, {}, false});
    pump();
}

void DataplaneProcess::hear(std::uint64_t connection, Bytes datagram) {
    if (current_ && current_->connection == connection) {
        current_->said.push_back(std::move(datagram));
    } else {
        for (Peer& peer : backlog_)
            if (peer.connection == connection) peer.said.push_back(std::move(datagram));
    }
    if (pausing_ || stopped()) return;
    if (world_.prng().chance(800'000)) return pump();
    pause_for(std::chrono::microseconds{5}, std::chrono::microseconds{80});
}

void DataplaneProcess::on_hung_up(std::uint64_t connection) {
    if (current_ && current_->connection == connection) current_->hung_up = true;
    for (Peer& peer : backlog_)
        if (peer.connection == connection) peer.hung_up = true;
    pump();
}

std::vector<std::uint64_t> DataplaneProcess::waiting_peers() const {
    std::vector<std::uint64_t> peers;
    for (const Peer& peer : backlog_) peers.push_back(peer.connection);
    return peers;
}

void DataplaneProcess::go_on() {
    tick();
    finish_installs();
    pump();
    punt_waiting();
}

void DataplaneProcess::pause_for(Duration low, Duration high) {
    pausing_ = true;
    if (dead_) return;
    after(Duration{world_.prng().between(low.count(), high.count())}, [this] {
        pausing_ = false;
        pump();
    });
}

// What its sockets bring, until there is nothing more or main turns to something else.
void DataplaneProcess::pump() {
    if (pumping_) return;
    pumping_ = true;
    bool more = true;
    while (more && !stopped() && !is_busy()) {
        more = false;
        if (current_ && (!current_->said.empty() || current_->hung_up)) {
            server_.on_readable();
            more = true;
        } else if (!backlog_.empty() && server_.takes_newcomers()) {
            server_.on_newcomer();
            more = true;
        }
    }
    pumping_ = false;
}

bool DataplaneProcess::accept() {
    if (backlog_.empty()) return false;
    current_ = std::move(backlog_.front());
    backlog_.pop_front();
    return true;
}

void DataplaneProcess::turn_away(std::span<const Byte> datagram) {
    if (backlog_.empty()) return;
    world_.fail("shell", std::string{datagram.begin() + 8, datagram.end()}, id_);
    backlog_.pop_front();
}

dataplane::LinkSocket::Received DataplaneProcess::receive(std::vector<Byte>& into,
                                                          std::size_t most) {
    if (current_->said.empty()) return current_->hung_up ? Received::closed : Received::nothing;
    into = std::move(current_->said.front());
    into.resize(std::min(into.size(), most + 1));
    current_->said.pop_front();
    if (world_.prng().chance(100'000))
        pause_for(std::chrono::microseconds{5}, std::chrono::microseconds{200});
    return Received::datagram;
}

bool DataplaneProcess::hand_over(Bytes datagram, std::size_t queue_max) {
    const std::optional<WireFrame> carried = std::exchange(punting_, std::nullopt);
    if (!current_ || dead_) return false;
    return world_.host(id_).control.hear(current_->connection, {std::move(datagram), carried},
                                         queue_max);
}

void DataplaneProcess::send(std::vector<Byte> datagram) {
    if (!current_ || current_->hung_up || dead_) return;
    if (!hand_over(std::move(datagram), kSocketDatagrams + kQueueMost)) disconnect();
}

bool DataplaneProcess::send_now(std::span<const Byte> datagram) {
    return hand_over({datagram.begin(), datagram.end()}, kSocketDatagrams);
}

void DataplaneProcess::disconnect() {
    if (!current_) return;
    const Peer gone = *std::exchange(current_, std::nullopt);
    if (!gone.hung_up && !dead_) world_.host(id_).control.on_closed(gone.connection);
}

ipc::Hello DataplaneProcess::hello(std::uint16_t) const {
    return link_.hello(1, {}, held());
}

ipc::Status DataplaneProcess::status(std::uint16_t) const {
    ipc::Status status = link_.status(last_rx_, now(), held());
    status.cluster_bursts = clients_heard_;
    const auto& counts = const_cast<SimpleConnections&>(connections_).flow_index().counts();
    for (std::size_t rule = 0; rule < kRuleSlots; ++rule) status.connections[rule] = counts[rule];
    return status;
}

ipc::CountersReport DataplaneProcess::counters(std::uint16_t) const {
    ipc::CountersReport report{};
    report.fenced_intervals = link_.fenced_intervals();
    return report;
}

RuleMasks DataplaneProcess::held() const {
    return const_cast<SimpleConnections&>(connections_)
        .flow_index()
        .held_under(link_.tables().layout);
}

Status DataplaneProcess::install(std::uint16_t, std::uint64_t token, const Tables& tables) {
    const bool done = link_.install(
        token, tables,
        [this, token](const Tables& numbered, ClientTable*) { return publish(token, numbered); });
    return done ? Status{Done{}} : Status{Error{"no memory"}};
}

// From now on some cores use these; one that is behind does when it has judged by the former ones
// what came in before. The grace period ends in the order of publications.
bool DataplaneProcess::publish(std::uint64_t token, const Tables& tables) {
    const Duration length{world_.prng().between(20'000, world_.settings().install_max.count())};
    Duration over_at = world_.scheduler().now() + length + world_.host(id_).lag;
    if (!publications_.empty()) over_at = std::max(over_at, publications_.back().over_at);
    publications_.push_back({token, tables, over_at});
    if (tables.layout != connections_.flow_index().layout())
        connections_.flow_index().begin_reindexing(tables.layout);
    recompute();
    after(over_at - world_.scheduler().now(), [this] {
        if (!stopped()) finish_installs();
    });
    return true;
}

void DataplaneProcess::finish_installs() {
    while (!publications_.empty() && publications_.front().over_at <= world_.scheduler().now()) {
        const Publication over = publications_.front();
        publications_.pop_front();
        serving_ = over.tables;
        ++serving_number_;
        if (connections_.flow_index().is_reindexing() &&
            serving_.layout == connections_.flow_index().layout())
            connections_.reindex_all(serving_);
        recompute();
        server_.on_installed(0, {over.token, link_.dirty(held())});
    }
    pump();
}

void DataplaneProcess::recompute() {
    const Configurations& files = world_.files_of(id_);
    const auto of = [&files](const Tables& tables) {
        return files.by_port(tables.own, files.variant_of_layout(tables.layout));
    };
    possible_ = certain_ = of(serving_);
    for (const Publication& one : publications_) {
        const RuleMasks own = of(one.tables);
        for (std::size_t rule = 0; rule < kRuleSlots; ++rule) {
            possible_[rule] |= own[rule];
            certain_[rule] &= own[rule];
        }
    }
    if (!dead_) world_.acceptance_changed(id_);
}

DataplaneProcess::InUse DataplaneProcess::tables_of_some_core() const {
    const std::uint64_t which =
        publications_.empty() ? 0 : world_.prng().below(publications_.size() + 1);
    return {which == 0 ? &serving_ : &publications_[which - 1].tables, serving_number_ + which};
}

Variant DataplaneProcess::variant() const {
    const Tables& newest = publications_.empty() ? serving_ : publications_.back().tables;
    return world_.files_of(id_).variant_of_layout(newest.layout);
}

void DataplaneProcess::set_lease(std::uint16_t, Instant valid_until) {
    link_.set_lease(valid_until, now());
    world_.acceptance_changed(id_);
}

void DataplaneProcess::give_grants(std::uint16_t, std::uint64_t era,
                                   std::span<const GivenGrant> grants) {
    link_.give_grants(era, grants, now());
}

void DataplaneProcess::send_frame(std::uint16_t, std::span<const Byte> frame) {
    tick();
    if (dead_ || !link_.fence().link_up()) return;
    Bytes bytes{frame.begin(), frame.end()};
    const MacAddress& source = link_.tables().masked_mac;
    std::copy(source.bytes.begin(), source.bytes.end(), bytes.begin() + sizeof(MacAddress));
    world_.transmit({std::make_shared<const Bytes>(std::move(bytes)), id_, Origin::host});
}

void DataplaneProcess::tick() {
    const auto change = link_.look(world_.host(id_).dataplane.link_up(), now());
    if (!change.link) return;
    server_.send_status(0);
    world_.acceptance_changed(id_);
}

void DataplaneProcess::receive(const WireFrame& frame) {
    // Frames of another VLAN are no sign that this one's arrive.
    if (!is_of_other_vlan(*frame.bytes)) note_reception();
    if (frame.is_arp()) return settle_arp(frame);
    if (!policer_.admits(frame.body(), seal_keys_, link_.verified(), now())) return;
    const Duration wait = world_.settings().timing.quiet_wait;
    if (!repeats_.is_repeat(frame.body()) || wait == Duration{}) return punt(frame);
    // It waits for as long as it may.
    waiting_.emplace_back(frame, now());
    if (waiting_.size() == 1) after(wait, [this] { punt_waiting(); });
}

// Whatever rings has main look at all that waits, in the order in which it came.
void DataplaneProcess::punt(const WireFrame& frame) {
    waiting_.emplace_back(frame, now());
    punt_waiting();
}

void DataplaneProcess::punt_waiting() {
    if (stopped()) return;
    for (const auto& [frame, received] : std::exchange(waiting_, {})) {
        if (!connected()) continue;
        punting_ = frame;
        static_cast<void>(
            server_.send_punted(0, {received.time_since_epoch().count()}, *frame.bytes));
        punting_.reset();
    }
}

// As a core does it (core/pipeline.hpp): a default host answers for the addresses, and claims of
// them go to the control plane.
void DataplaneProcess::settle_arp(const WireFrame& frame) {
    const BurstContext context{serving_, {}, now(),    world_.host(id_).dataplane.is_open(),
                               0,        1,  clients()};
    FragmentTable fragments{0};
    const Explanation explained = explain(*frame.bytes, context, connections_, fragments);
    if (explained.reason == Reason::arp_answered)
        world_.transmit({std::make_shared<const Bytes>(explained.frame), id_, Origin::host});
    if (explained.reason == Reason::virtual_announcement && policer_.admits_other(now()))
        punt(frame);
}

void DataplaneProcess::note_client() {
    note_reception();
    ++clients_heard_;
}

void DataplaneProcess::note_reception() {
    last_rx_ = now();
}

void DataplaneProcess::pass_requests_on() {
    std::vector<GrantRequest> requests(ClientTable::kWays);
    requests.resize(link_.take_requests(requests));
    if (requests.empty() || !connected()) return;
    after(Duration{world_.prng().between(5'000, 200'000)}, [this, requests] {
        if (connected() && !stopped()) server_.send_requests(0, requests);
    });
}

void DataplaneProcess::on_disconnected(const std::string& why) {
    world_.note(id_, [&why] { return "control plane disconnected: " + why; });
}

void DataplaneProcess::on_refused(const std::string& why) {
    world_.fail("shell", why, id_);
}

}  // namespace nlb::sim
