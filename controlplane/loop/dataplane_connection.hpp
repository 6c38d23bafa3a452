// The connection to this host's dataplane (RUN_DIR/dataplane.sock, unix seqpacket): found, lost,
// found again. It keeps the order of messages, never blocks, and drops the connection rather than a
// message: whoever missed one would serve on a map that was never stated. It does not know what the
// messages mean.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "controlplane/agent/message_sink.hpp"
#include "controlplane/health/with_asio.hpp"
#include "core/ipc/messages.hpp"

namespace nlb::controlplane {

// Thread: the loop's.
class DataplaneConnection : public MessageSink {
public:
    class Listener {
    public:
        virtual ~Listener() = default;
        // Something can be read: call drain(), then do what is due.
        virtual void on_readable() = 0;
        virtual void on_message(const ipc::MessageView& message) = 0;
        // Never called from inside send().
        virtual void on_lost(const std::string& because) = 0;
        // Nobody listens; said once for each time without a dataplane.
        virtual void on_missing(const std::string&) {}
    };

    DataplaneConnection(asio::io_context& loop, std::string path, Listener& listener);
    ~DataplaneConnection() override;
    DataplaneConnection(const DataplaneConnection&) = delete;
    DataplaneConnection& operator=(const DataplaneConnection&) = delete;

    // Connects now, and again every kRetryEvery until it works and whenever it was lost. Requires:
    // the path is no longer than a socket's may be.
    void start();
    // Gives every message that has arrived to the listener, at most kDrainMax of them.
    void drain();
    void send(std::vector<Byte> datagram) override;
    // Ends the connection because of what the dataplane said; the next try is after
    // kRetryRefusedEvery, as somebody has to mend it first.
    void abandon(const std::string& because);
    [[nodiscard]] bool connected() const { return socket_.has_value() && !broken_; }
    // The process at the other end, by the kernel's word; 0: none.
    [[nodiscard]] pid_t peer() const;
    [[nodiscard]] std::size_t queued() const { return queue_.size(); }

    static constexpr std::chrono::milliseconds kRetryEvery{100};
    static constexpr std::chrono::milliseconds kRetryRefusedEvery{1000};
    static constexpr std::size_t kDrainMax = 4096;
    static constexpr std::size_t kQueueMax = 1024;

private:
    void try_connect();
    void retry_after(std::chrono::milliseconds pause);
    void wait_readable();
    void wait_writable();
    void flush();
    [[nodiscard]] bool write_now(const std::vector<Byte>& datagram, bool* would_block);
    [[nodiscard]] bool read_one();
    void break_off(const std::string& because);
    void lose(const std::string& because);

    asio::io_context& loop_;
    asio::steady_timer retry_;
    std::string path_;
    Listener& listener_;
    std::optional<asio::posix::stream_descriptor> socket_;
    std::deque<std::vector<Byte>> queue_;
    std::vector<Byte> buffer_;
    std::chrono::milliseconds pause_ = kRetryEvery;  // until the next try, once it is lost
    bool waiting_writable_ = false;
    bool told_missing_ = false;
    bool broken_ = false;  // lost, and the listener will be told
};

}  // namespace nlb::controlplane
