// The rival that an expert names first: the kernel's own driver and stack behind forty lines of XDP
// that hash a client and drop what another host owns. Buckets are fixed; nothing moves, nothing is
// tracked, nobody is asked. perf/endtoend compiles it (clang -O2 -target bpf) and attaches it.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#define SECTION(name) __attribute__((section(name), used))
#define BUCKETS 60

// Bit b: this host owns bucket b. Here all of them, as when one host serves alone.
static const __u64 kOwned = ~0ULL;

SECTION("xdp")
int owned_or_dropped(struct xdp_md* context) {
    void* const end = (void*)(long)context->data_end;
    const struct ethhdr* const frame = (void*)(long)context->data;
    if ((void*)(frame + 1) > end) return XDP_DROP;
    if (frame->h_proto != __builtin_bswap16(ETH_P_IP)) return XDP_PASS;
    const struct iphdr* const packet = (const void*)(frame + 1);
    if ((void*)(packet + 1) > end) return XDP_DROP;
    __u32 hash = packet->saddr;  // murmur3's finaliser: every bit of the client counts
    hash ^= hash >> 16;
    hash *= 0x85ebca6b;
    hash ^= hash >> 13;
    hash *= 0xc2b2ae35;
    hash ^= hash >> 16;
    const __u64 bucket = ((__u64)hash * BUCKETS) >> 32;
    return (kOwned >> bucket) & 1 ? XDP_PASS : XDP_DROP;
}

char _license[] SECTION("license") = "GPL";
