// net_af_packet asks the kernel to join IPv4 fragments before it spreads frames over sockets
// (PACKET_FANOUT_FLAG_DEFRAG), and has no argument against it: what is joined is longer than any
// frame of its ring, and lost. This program's setsockopt stands before the C library's and takes
// that one flag out. Fragments come one by one then, as from any adapter; core/flow/steer brings
// those of a client together.
#include <cstring>
#include <linux/if_packet.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

extern "C" int setsockopt(int socket, int level, int name, const void* value,
                          socklen_t bytes) noexcept {
    int fanout = 0;
    if (level == SOL_PACKET && name == PACKET_FANOUT && bytes == sizeof fanout) {
        std::memcpy(&fanout, value, sizeof fanout);
        fanout &= ~(PACKET_FANOUT_FLAG_DEFRAG << 16);
        value = &fanout;
    }
    return static_cast<int>(syscall(SYS_setsockopt, socket, level, name, value, bytes));
}
