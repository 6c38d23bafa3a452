// One function per kind of message that is more than a line.
#include "dataplane/control/ipc_server.hpp"

#include <algorithm>
#include <string>

#include "core/ipc/tables_codec.hpp"

namespace nlb::dataplane {
namespace {

using ipc::MessageType;

// Of a refusal, for the log.
constexpr std::size_t kRefusalBytesMax = 1024;

std::string wrong_size(const char* name, std::size_t bytes) {
    return "a message of type " + std::string(name) + " with " + std::to_string(bytes) +
           " bytes of payload";
}

}  // namespace

void IpcServer::on_newcomer() {
    // The messages of a predecessor that has just died take effect before its successor hears what
    // is stored here. Where that takes long it waits in the backlog.
    if (socket_.connected() && on_readable()) return;
    // Whoever came and has said nothing keeps no control plane out; one that is here comes again.
    if (socket_.connected() && !agreed_) socket_.disconnect();
    if (socket_.connected()) {
        socket_.turn_away(ipc::write_refusal("another control plane (process " +
                                             std::to_string(socket_.peer_pid()) +
                                             ") is connected to this dataplane: stop it first"));
        return;
    }
    if (!installs_.empty() || !socket_.accept()) return;
    ++peer_;
    agreed_ = false;
    for (std::uint16_t cluster = 0; cluster < operations_.cluster_count(); ++cluster)
        send(hello(cluster));
}

std::vector<Byte> IpcServer::hello(std::uint16_t cluster) const {
    const std::span<const Byte> block = operations_.block(cluster);
    const std::string_view settings = operations_.settings(cluster);
    std::vector<Byte> rest{block.begin(), block.end()};
    rest.insert(rest.end(), settings.begin(), settings.end());
    return ipc::write_message(MessageType::hello, cluster,
                              ipc::bytes_of(operations_.hello(cluster)), rest);
}

bool IpcServer::on_readable() {
    for (int i = 0; i < kDatagramsAtOnce && socket_.connected() && !operations_.is_busy(); ++i) {
        const auto received = socket_.receive(datagram_, ipc::kMessageBytesMax);
        if (received == LinkSocket::Received::nothing) return false;
        const auto message = ipc::read_message(datagram_);
        if (received == LinkSocket::Received::closed) {
            disconnect("it closed the connection");
        } else if (message && message->type == MessageType::refused) {
            note_refusal(*message);
        } else if (const auto sentence = handle(message)) {
            static_cast<void>(socket_.send_now(ipc::write_refusal(*sentence)));
            disconnect("refused: " + *sentence);
        } else if (!agreed_) {
            agreed_ = true;
            last_refusal_.clear();
            operations_.on_connected(socket_.peer_pid());
        }
    }
    return socket_.connected();
}

// A control plane that has other clusters comes again each second: that is one line, not one each.
void IpcServer::note_refusal(const ipc::MessageView& message) {
    const std::span<const Byte> said =
        message.payload.first(std::min(message.payload.size(), kRefusalBytesMax));
    std::string sentence{said.begin(), said.end()};
    socket_.disconnect();
    if (agreed_) operations_.on_disconnected("it refused this dataplane");
    if (sentence == last_refusal_) return;
    last_refusal_ = sentence;
    operations_.on_refused(sentence);
}

std::optional<std::string> IpcServer::handle(const std::optional<ipc::MessageView>& message) {
    if (!message)
        return "a datagram of " + std::to_string(datagram_.size()) +
               " bytes that is no message of this build";
    if (message->cluster >= operations_.cluster_count())
        return "a message for cluster number " + std::to_string(message->cluster) +
               "; this dataplane has " + std::to_string(operations_.cluster_count());
    const std::uint16_t cluster = message->cluster;
    const std::size_t bytes = message->payload.size();
    switch (message->type) {
        case MessageType::install:
            return handle_install(*message);
        case MessageType::lease: {
            const auto lease = message->body<ipc::Lease>();
            if (!lease || bytes != sizeof(ipc::Lease)) return wrong_size("lease", bytes);
            operations_.set_lease(cluster, Instant{Duration{lease->valid_until_ns}});
            return std::nullopt;
        }
        case MessageType::store:
            if (bytes > ipc::kBlockBytesMax) return wrong_size("store", bytes);
            operations_.store(cluster, message->payload);
            return std::nullopt;
        case MessageType::send:
            return handle_send(*message);
        case MessageType::seal_keys: {
            const auto keys = message->body<SealKeys>();
            if (!keys || bytes != sizeof(SealKeys) || keys->count > kSealKeysMax)
                return wrong_size("seal_keys", bytes);
            operations_.set_seal_keys(cluster, *keys);
            return std::nullopt;
        }
        case MessageType::verified: {
            const auto verified = message->body<ipc::Verified>();
            if (!verified || bytes != sizeof(ipc::Verified)) return wrong_size("verified", bytes);
            operations_.note_verified(cluster, *verified);
            return std::nullopt;
        }
        case MessageType::grants:
            return handle_grants(*message);
        case MessageType::status_request:
            if (bytes != 0) return wrong_size("status_request", bytes);
            send_status(cluster);
            return std::nullopt;
        case MessageType::counters_request:
            if (bytes != 0) return wrong_size("counters_request", bytes);
            send(ipc::write_message(MessageType::counters, cluster,
                                    ipc::bytes_of(operations_.counters(cluster))));
            return std::nullopt;
        default:
            return "a message of type " + std::to_string(static_cast<unsigned>(message->type)) +
                   ", which no control plane sends";
    }
}

std::optional<std::string> IpcServer::handle_install(const ipc::MessageView& message) {
    const auto install = message.body<ipc::Install>();
    if (!install) return wrong_size("install", message.payload.size());
    // Zero says "none" where the dataplane tells what it holds.
    if (install->token == 0) return "an installation with token 0";
    const auto tables = decode_tables(message.rest_after<ipc::Install>());
    if (!tables) return "tables that this dataplane cannot use: " + tables.error().message;
    const auto done = operations_.install(message.cluster, install->token, tables.value());
    if (!done) return done.error().message;
    installs_.push_back(peer_);
    return std::nullopt;
}

std::optional<std::string> IpcServer::handle_send(const ipc::MessageView& message) {
    const auto send = message.body<ipc::Send>();
    if (!send || message.payload.size() > sizeof(ipc::Send) + ipc::kFrameBytesMax)
        return wrong_size("send", message.payload.size());
    if (operations_.now().time_since_epoch().count() <= send->not_after_ns)
        operations_.send_frame(message.cluster, message.rest_after<ipc::Send>());
    return std::nullopt;
}

std::optional<std::string> IpcServer::handle_grants(const ipc::MessageView& message) {
    const auto grants = message.body<ipc::Grants>();
    const auto items =
        grants ? message.items<ipc::Grants, GivenGrant>(grants->count) : std::nullopt;
    if (!items) return wrong_size("grants", message.payload.size());
    operations_.give_grants(message.cluster, grants->era, *items);
    return std::nullopt;
}

void IpcServer::send(std::vector<Byte> datagram) {
    const bool connected = socket_.connected();
    socket_.send(std::move(datagram));
    if (connected && !socket_.connected()) operations_.on_disconnected("it reads too slowly");
}

void IpcServer::disconnect(const std::string& why) {
    socket_.disconnect();
    operations_.on_disconnected(why);
}

void IpcServer::on_installed(std::uint16_t cluster, const ipc::Installed& installed) {
    NLB_ASSERT(!installs_.empty());
    const std::uint64_t asked = installs_.front();
    installs_.pop_front();
    if (asked != peer_ || !socket_.connected()) return;
    send(ipc::write_message(MessageType::installed, cluster, ipc::bytes_of(installed)));
}

void IpcServer::send_status(std::uint16_t cluster) {
    send(ipc::write_message(MessageType::status, cluster,
                            ipc::bytes_of(operations_.status(cluster))));
}

void IpcServer::send_requests(std::uint16_t cluster, std::span<const GrantRequest> requests) {
    const std::span<const Byte> rest{reinterpret_cast<const Byte*>(requests.data()),
                                     requests.size_bytes()};
    send(ipc::write_message(MessageType::requests, cluster,
                            ipc::bytes_of(ipc::Requests{requests.size()}), rest));
}

bool IpcServer::send_punted(std::uint16_t cluster, const ipc::Punted& punted,
                            std::span<const Byte> frame) {
    return socket_.send_now(
        ipc::write_message(MessageType::punted, cluster, ipc::bytes_of(punted), frame));
}

}  // namespace nlb::dataplane
