// The client's end of remote control: asks who is there, gives each host that is meant the request
// once, and asks again for what was lost, until a deadline. Time and bytes come in, bytes go out:
// it knows no socket. Thread: one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/base/types.hpp"
#include "core/remote/remote_frames.hpp"

namespace nlb::remote {

// Whose answer is wanted.
enum class Wanted : std::uint8_t {
    one,   // that of the one host that is reached; several are refused
    any,   // the first one's
    all,   // everybody's
    named  // that of Errand::host
};

struct Errand {
    Wanted wanted = Wanted::one;
    std::string host;  // of Wanted::named
    std::string text;  // one line of the control socket, without its end
    // Places that datagrams can be sent to, each with a number from 0 on. At one several hosts may
    // answer, as at a virtual address.
    std::size_t destinations = 1;
    Instant deadline = kForever;
    // Of several destinations those whose host is probably gone: they are given less time.
    std::vector<std::size_t> doubtful;
};

class RemoteClient {
public:
    static constexpr Duration kHelloEvery = std::chrono::milliseconds{100};
    static constexpr Duration kHelloEveryMost = std::chrono::milliseconds{400};
    // Who has not answered the hello by then is not waited for.
    static constexpr Duration kGather = std::chrono::milliseconds{600};
    static constexpr Duration kGatherDoubtful = std::chrono::milliseconds{250};
    static constexpr Duration kAskAgain = std::chrono::milliseconds{120};
    static constexpr Duration kAskAgainMost = std::chrono::milliseconds{480};
    // Parts leave in their order: what is missing this long after the last one was lost.
    static constexpr Duration kOvertaken = std::chrono::milliseconds{10};

    struct Send {
        std::size_t to;
        std::vector<Byte> bytes;
    };
    struct Reply {
        std::string host;
        std::string cluster;
        bool whole = false;
        std::string text;  // when whole
    };

    // `sealer` outlives it. Requires: text is at most kRequestTextMax, host at most kNameBytesMax.
    RemoteClient(Instant now, Errand errand, const Sealer& sealer);

    // `from`: the destination that the datagram came from, or any where it came from elsewhere.
    // What is not sealed, or is of another exchange, is ignored.
    void on_datagram(Instant now, std::size_t from, std::span<const Byte> bytes);
    // What is to be sent now. Requires: called no later than next_wake() when the caller can.
    [[nodiscard]] std::vector<Send> on_tick(Instant now);
    [[nodiscard]] Instant next_wake(Instant now) const;
    // Everything that was waited for is here, or its time is over.
    [[nodiscard]] bool done(Instant now) const;

    // By the order in which hosts were heard.
    [[nodiscard]] std::vector<Reply> replies() const;
    // Several hosts were reached although one was meant: nobody was given the request.
    [[nodiscard]] bool ambiguous() const { return ambiguous_; }

private:
    struct Host {
        Challenge challenge;
        std::size_t to = 0;
        bool asked = false;
        bool whole = false;
        std::uint32_t round = 0;
        bool send_request = false;
        Instant again_at = kLongAgo;
        Duration again_after = kAskAgain;
        std::vector<std::vector<Byte>> parts;
        std::vector<bool> has;
        std::size_t missing = 0;
    };
    void on_challenge(Instant now, std::size_t from, const Challenge& challenge);
    void on_answer(Instant now, const Answer& answer);
    [[nodiscard]] std::size_t expected() const;
    [[nodiscard]] bool has_answered(std::size_t destination) const;
    [[nodiscard]] bool only_doubtful_are_silent() const;
    [[nodiscard]] bool gathered(Instant now) const;
    void say_hello(Instant now, std::vector<Send>& sends);
    void ask(Instant now, Host& host, std::vector<Send>& sends);

    Errand errand_;
    const Sealer& sealer_;
    Token client_{};
    Instant began_;
    Instant hello_at_;
    Duration hello_after_ = kHelloEvery;
    std::vector<Host> hosts_;
    bool ambiguous_ = false;
};

}  // namespace nlb::remote
