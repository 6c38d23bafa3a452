// Adapters as /sys describes them, on a tree of the test's own.
#include "dataplane/startup/pci.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "dataplane/startup/diagnosis.hpp"
#include "dataplane/startup/memory.hpp"

namespace nlb::dataplane {
namespace {

namespace fs = std::filesystem;

class Pci : public ::testing::Test {
protected:
    void SetUp() override { fs::remove_all(root_); }
    void TearDown() override { fs::remove_all(root_); }

    void add(const std::string& address, const std::string& driver, const std::string& group = "",
             const std::string& node = "-1", const std::string& kind = "0x020000") {
        const fs::path place = root_ / "devices" / address;
        fs::create_directories(place);
        std::ofstream(place / "class") << kind << "\n";
        std::ofstream(place / "vendor") << "0x15ad\n";
        std::ofstream(place / "numa_node") << node << "\n";
        if (!driver.empty()) {
            fs::create_directories(root_ / "drivers" / driver);
            fs::create_symlink(root_ / "drivers" / driver, place / "driver");
        }
        if (group.empty()) return;
        fs::create_directories(root_ / "groups" / group / "devices");
        fs::create_symlink(root_ / "groups" / group, place / "iommu_group");
        fs::create_symlink(place, root_ / "groups" / group / "devices" / address);
    }
    [[nodiscard]] PciDevice read(const std::string& address) const {
        return read_pci(device(address), root_ / "devices");
    }
    [[nodiscard]] std::string refusal(const std::string& address) const {
        Surroundings surroundings;
        surroundings.pci_devices = root_ / "devices";
        const auto status = check_device(device(address), "outside", surroundings);
        return status ? "" : status.error().message;
    }
    static Device device(const std::string& text) { return parse_device(text, "x").value(); }
    const fs::path root_ = fs::temp_directory_path() / ("nlb-pci-" + std::to_string(getpid()));
};

TEST_F(Pci, ADeviceIsReadWithItsNodeAndWhoSharesItsGroup) {
    add("0000:3b:00.0", "vfio-pci", "7", "1");
    add("0000:3b:00.1", "ixgbe", "7");
    add("0000:3b:00.2", "", "7");
    add("0000:3a:00.0", "pcieport", "7", "-1", "0x060400");
    const PciDevice found = read("3b:00.0");
    EXPECT_TRUE(found.exists && found.has_iommu_group);
    EXPECT_EQ(found.driver, "vfio-pci");
    EXPECT_EQ(found.vendor, 0x15ad);
    EXPECT_EQ(found.node, 1);
    EXPECT_EQ(found.companions,
              (std::vector<std::pair<std::string, std::string>>{{"0000:3b:00.1", "ixgbe"}}));
}

TEST_F(Pci, AnAdapterThatIsNotHandedOverIsNamedWithTheCommand) {
    add("0000:3b:00.0", "ixgbe", "7");
    add("0000:3c:00.0", "");
    EXPECT_NE(refusal("0000:3b:00.0").find("driver ixgbe): `scripts/bind-nic 0000:3b:00.0`"),
              std::string::npos);
    EXPECT_NE(refusal("0000:3c:00.0").find("bind-nic 0000:3c:00.0"), std::string::npos);
    EXPECT_NE(refusal("0000:3d:00.0").find("no such PCI device"), std::string::npos);
}

TEST_F(Pci, AGroupThatIsNotViableNamesItsOtherMembers) {
    add("0000:3b:00.0", "vfio-pci", "7");
    add("0000:3b:00.1", "ixgbe", "7");
    EXPECT_NE(refusal("0000:3b:00.0").find("0000:3b:00.1 (ixgbe)"), std::string::npos);
    EXPECT_NE(refusal("0000:3b:00.0").find("bind-nic 0000:3b:00.0 0000:3b:00.1"),
              std::string::npos);
}

TEST_F(Pci, ASharedDriverKeepsItsNic) {
    add("0000:5e:00.0", "mlx5_core", "9");
    EXPECT_EQ(refusal("0000:5e:00.0"), "");
}

TEST(Memory, BuffersAreCountedAsEachDriverFillsItsRings) {
    EXPECT_EQ(buffers_per_descriptor(0x15ad, false), 2U);
    EXPECT_EQ(buffers_per_descriptor(0x14e4, false), 1U);
    EXPECT_EQ(buffers_per_descriptor(0x14e4, true), 3U);
    EXPECT_EQ(buffers_per_descriptor(0x8086, true), 1U);
}

ClusterPlan cluster_on(const std::string& outside) {
    ClusterPlan cluster;
    cluster.outside = parse_device(outside, "x").value();
    cluster.inside = parse_device("net_tap0", "x").value();
    cluster.cpus = {1};
    cluster.connections_max = 1024;
    return cluster;
}

TEST(Memory, EachNodeWithAnAdapterHasAPoolOfItsOwn) {
    PciDevice near;
    near.exists = true;
    near.node = 0;
    PciDevice far = near;
    far.node = 1;
    far.vendor = 0x15ad;
    const Adapters adapters{{"0000:3b:00.0", near}, {"0000:af:00.0", far}};
    const auto need = memory_need({cluster_on("3b:00.0"), cluster_on("af:00.0")}, 1, adapters);
    ASSERT_EQ(need.pools.size(), 2U);
    EXPECT_EQ(need.pools.at(1) - need.pools.at(0), 1024U) << "the second command ring";
    EXPECT_EQ(need.buffers, need.pools.at(0) + need.pools.at(1));
    EXPECT_EQ(memory_need({cluster_on("3b:00.0"), cluster_on("net_null0")}, 1).pools.size(), 1U);
}

TEST(Memory, TheFillRingOfAnXdpSocketIsCounted) {
    const auto packet = memory_need({cluster_on("net_af_packet0,iface=x")}, 1);
    const auto xdp = memory_need({cluster_on("net_af_xdp0,iface=x")}, 1);
    EXPECT_EQ(xdp.buffers - packet.buffers, 2048U - 1024U);
}

TEST(Memory, LargerFramesNeedLargerBuffersAndLongerRingsMoreOfThem) {
    const auto usual = memory_need({cluster_on("3b:00.0")}, 1);
    EXPECT_EQ(usual.frame_room, 2048);
    auto jumbo = cluster_on("3b:00.0");
    jumbo.port.mtu = 9000;
    EXPECT_EQ(memory_need({jumbo}, 1).frame_room, 9216);
    EXPECT_GT(memory_need({jumbo}, 1).bytes, 2 * usual.bytes);
    auto sleepy = cluster_on("3b:00.0");
    sleepy.port.sleeps = true;
    EXPECT_EQ(memory_need({sleepy}, 1).buffers - usual.buffers, 4096U - 1024U);
}

}  // namespace
}  // namespace nlb::dataplane
