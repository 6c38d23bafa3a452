#include "scripts/lab/switch/wire.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace nlb::lab {

Instant Player::due() const {
    if (rate > 0.0) {
        return began + std::chrono::duration_cast<Nanoseconds>(
                           std::chrono::duration<double>(static_cast<double>(played) / rate));
    }
    return lap + frames[next].at;
}

Trouble Wire::add_port(const std::string& name, const std::string& device) {
    if (ports_.size() >= kPortsMax) {
        return "the switch has at most " + std::to_string(kPortsMax) + " ports";
    }
    if (find(name)) {
        return "there is a port " + name + " already";
    }
    auto opened = Port::open(name, device);
    if (auto* trouble = std::get_if<std::string>(&opened)) {
        return *trouble;
    }
    ports_.push_back(std::move(std::get<std::unique_ptr<Port>>(opened)));
    return std::nullopt;
}

Trouble Wire::add_station(std::uint64_t mac, const std::string& port) {
    const auto found = find(port);
    if (!found) {
        return "there is no port " + port;
    }
    stations_[mac] = {*found, true};
    return std::nullopt;
}

void Wire::learn(bool on) {
    learning_ = on;
    std::erase_if(stations_, [](const auto& entry) { return !entry.second.fixed; });
}

Trouble Wire::record(Tap tap) {
    if (std::ranges::any_of(taps_, [&](const Tap& other) { return other.name == tap.name; })) {
        return "there is a recording " + tap.name + " already";
    }
    taps_.push_back(std::move(tap));
    return std::nullopt;
}

std::optional<std::uint64_t> Wire::stop_recording(const std::string& name) {
    const auto found = std::ranges::find(taps_, name, &Tap::name);
    if (found == taps_.end()) {
        return std::nullopt;
    }
    const std::uint64_t frames = found->recorder.frames();
    taps_.erase(found);
    return frames;
}

void Wire::play(Player player, Instant now) {
    player.began = player.lap = now;
    players_.push_back(std::move(player));
}

std::optional<std::uint64_t> Wire::stop_playing(const std::string& name) {
    const auto found = std::ranges::find(players_, name, &Player::name);
    if (found != players_.end()) {
        played_[name] = found->played;
        players_.erase(found);
    }
    const auto ended = played_.find(name);
    return ended == played_.end() ? std::nullopt : std::optional(ended->second);
}

bool Wire::serve(std::size_t port, Instant now) {
    const auto frames = ports_[port]->receive();
    for (const View frame : frames) {
        enter(frame, ports_[port]->name(), port, now);
    }
    flush();
    return frames.size() == kBatch;
}

void Wire::tick(Instant now) {
    while (!delayed_.empty() && delayed_.top().due <= now) {
        held_.push_back(delayed_.top().frame);
        ports_[delayed_.top().port]->send(held_.back());
        delayed_.pop();
    }
    play_due(now);
    flush();
}

void Wire::play_due(Instant now) {
    for (Player& player : players_) {
        for (std::size_t turn = 0; turn < kPlayedAtOnceMax && player.due() <= now; ++turn) {
            if (player.until && player.due() >= *player.until) {
                break;
            }
            const Recorded& recorded = player.frames[player.next];
            enter(recorded.frame, player.from, find(player.from), now);
            ++player.played;
            if (++player.next == player.frames.size()) {
                if (!player.until) {
                    break;
                }
                player.next = 0;
                player.lap += recorded.at + std::chrono::milliseconds(1);
            }
        }
    }
    flush();  // what stands in the ports' lines may be a frame of a player that ends now
    std::erase_if(players_, [&](const Player& player) {
        const bool over =
            player.next == player.frames.size() || (player.until && player.due() >= *player.until);
        if (over) {
            played_[player.name] = player.played;
        }
        return over;
    });
}

std::optional<Instant> Wire::next() const {
    std::optional<Instant> earliest;
    if (!delayed_.empty()) {
        earliest = delayed_.top().due;
    }
    for (const Player& player : players_) {
        earliest = std::min(earliest.value_or(Instant::max()), player.due());
    }
    return earliest;
}

std::optional<std::size_t> Wire::find(const std::string& port) const {
    for (std::size_t at = 0; at < ports_.size(); ++at) {
        if (ports_[at]->name() == port) {
            return at;
        }
    }
    return std::nullopt;
}

void Wire::enter(View frame, const std::string& from, std::optional<std::size_t> port,
                 Instant now) {
    observe(frame, from);
    if (rules_.empty()) {
        carry(frame, from, port, Nanoseconds(0), 1, now);
        return;
    }
    Treatment treatment = rules_.treat(frame, from, Direction::in, from);
    if (treatment.dropped) {
        return;
    }
    if (treatment.changed) {
        held_.push_back(std::move(treatment.frame));
        frame = held_.back();
    }
    carry(frame, from, port, treatment.delay, treatment.copies, now);
}

void Wire::observe(View frame, const std::string& from) {
    for (Tap& tap : taps_) {
        if ((tap.port.empty() || tap.port == from) &&
            (!tap.ethertype || *tap.ethertype == ethertype_of(frame))) {
            tap.recorder.write(frame, std::chrono::system_clock::now());
        }
    }
}

void Wire::carry(View frame, const std::string& from, std::optional<std::size_t> port,
                 Nanoseconds delay, unsigned copies, Instant now) {
    const std::uint64_t source = mac_at(frame, kMacBytes), destination = mac_at(frame, 0);
    if (learning_ && port && !is_group(source)) {
        const auto known = stations_.find(source);
        if (known != stations_.end()) {
            known->second.port = known->second.fixed ? known->second.port : *port;
        } else if (stations_.size() < kStationsMax) {
            stations_.emplace(source, Station{*port, false});
        }
    }
    const auto station = stations_.find(destination);
    if (station != stations_.end() && !is_group(destination)) {
        if (station->second.port != port) {
            leave(frame, from, station->second.port, delay, copies, now);
        }
        return;
    }
    for (std::size_t other = 0; other < ports_.size(); ++other) {
        if (other != port) {
            leave(frame, from, other, delay, copies, now);
        }
    }
}

void Wire::leave(View frame, const std::string& from, std::size_t port, Nanoseconds delay,
                 unsigned copies, Instant now) {
    if (!rules_.empty()) {
        Treatment treatment = rules_.treat(frame, ports_[port]->name(), Direction::out, from);
        if (treatment.dropped) {
            return;
        }
        if (treatment.changed) {
            held_.push_back(std::move(treatment.frame));
            frame = held_.back();
        }
        delay += treatment.delay;
        copies = std::min(copies * treatment.copies, kCopiesMax);
    }
    for (unsigned copy = 0; copy < copies; ++copy) {
        put(frame, port, delay, now);
    }
}

void Wire::put(View frame, std::size_t port, Nanoseconds delay, Instant now) {
    if (delay.count() == 0) {
        ports_[port]->send(frame);
    } else if (delayed_.size() < kDelayedMax) {
        delayed_.push({now + delay, delayed_ever_++, port, Bytes(frame.begin(), frame.end())});
    } else {
        ++overflown_;
    }
}

void Wire::flush() {
    for (const auto& port : ports_) {
        port->flush();
    }
    held_.clear();
}

std::string Wire::status() {
    std::ostringstream text;
    text << "{\"ports\":{";
    const char* comma = "";
    for (const auto& port : ports_) {
        const PortCounts& counts = port->counts();
        text << std::exchange(comma, ",") << '"' << port->name()
             << "\":{\"received\":" << counts.received << ",\"sent\":" << counts.sent
             << ",\"lost\":" << counts.lost << ",\"missed\":" << counts.missed << '}';
    }
    text << "},\"rules\":[";
    comma = "";
    for (const Rule& rule : rules_.all()) {
        text << std::exchange(comma, ",") << "{\"name\":\"" << rule.name
             << "\",\"matched\":" << rule.matched << '}';
    }
    text << "],\"playing\":{";
    comma = "";
    for (const Player& player : players_) {
        text << std::exchange(comma, ",") << '"' << player.name << "\":" << player.played;
    }
    text << "},\"recording\":{";
    comma = "";
    for (Tap& tap : taps_) {
        tap.recorder.flush();
        text << std::exchange(comma, ",") << '"' << tap.name << "\":" << tap.recorder.frames();
    }
    text << "},\"delayed\":" << delayed_.size() << ",\"overflown\":" << overflown_ << '}';
    return text.str();
}

}  // namespace nlb::lab
