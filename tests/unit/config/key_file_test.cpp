// Key files: who may read them, what is in them, and the keys that every version and every host
// must derive alike.
#include "config/key_file.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace nlb::config {
namespace {

class KeyFile : public testing::Test {
protected:
    void SetUp() override {
        std::string directory = testing::TempDir() + "nlb-key-XXXXXX";
        ASSERT_NE(mkdtemp(directory.data()), nullptr);
        directory_ = directory;
        path_ = (directory_ / "web.key").string();
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    void put(const std::string& bytes, mode_t mode) const {
        std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes;
        chmod(path_.c_str(), mode);
    }
    [[nodiscard]] std::string told() const {
        const auto key = read_key(path_);
        return key ? "accepted" : key.error().message;
    }
    std::filesystem::path directory_;
    std::string path_;
};

const std::string kBytes = "0123456789abcdef0123456789abcdef";

TEST_F(KeyFile, AWrittenKeyReadsBack) {
    ASSERT_TRUE(write_key(path_).ok());
    EXPECT_EQ(std::filesystem::file_size(path_), 32U);
    struct stat status {};
    ASSERT_EQ(stat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    const auto key = read_key(path_);
    ASSERT_TRUE(key.ok()) << key.error().message;
    std::ifstream file(path_, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)),
                            std::istreambuf_iterator<char>());
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), key.value().bytes.begin(),
                           [](char a, Byte b) { return static_cast<Byte>(a) == b; }));
}

TEST_F(KeyFile, AUmaskDoesNotWidenOrBreakTheMode) {
    const mode_t before = umask(0);
    EXPECT_TRUE(write_key(path_).ok());
    umask(before);
    EXPECT_TRUE(read_key(path_).ok());
}

TEST_F(KeyFile, TwoKeysDiffer) {
    ASSERT_TRUE(write_key(path_).ok());
    ASSERT_TRUE(write_key(path_ + "2").ok());
    EXPECT_NE(read_key(path_).value().bytes, read_key(path_ + "2").value().bytes);
}

TEST_F(KeyFile, AKeyIsNeverOverwritten) {
    put(kBytes, 0600);
    const auto status = write_key(path_);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, path_ +
                                          ": cannot create the key file: File exists; move it away "
                                          "first if the cluster is to have a new key");
    EXPECT_EQ(read_key(path_).value().bytes[0], '0');
}

TEST_F(KeyFile, AKeyIsNotWrittenThroughALink) {
    ASSERT_EQ(symlink((path_ + "-elsewhere").c_str(), path_.c_str()), 0);
    EXPECT_FALSE(write_key(path_).ok());
    EXPECT_FALSE(std::filesystem::exists(path_ + "-elsewhere"));
}

TEST_F(KeyFile, ADirectoryThatIsNotThereIsNamed) {
    const std::string path = (directory_ / "none/web.key").string();
    EXPECT_EQ(write_key(path).error().message,
              path + ": cannot create the key file: No such file or directory");
}

TEST_F(KeyFile, AMissingKeyTellsHowToMakeOne) {
    EXPECT_EQ(
        told(),
        path_ +
            ": cannot open the key file: No such file or directory; write one with `nlb keygen " +
            path_ + "` and copy it to every host");
}

TEST_F(KeyFile, AKeyThatOthersMayReadIsRefused) {
    for (const mode_t mode : {0640U, 0604U, 0660U, 0622U, 0601U}) {
        put(kBytes, mode);
        std::array<char, 8> text{};
        std::snprintf(text.data(), text.size(), "%04o", mode);
        EXPECT_EQ(told(), path_ + ": the key file is open to group or others (mode " + text.data() +
                              "); run `chmod 600 " + path_ + "`");
    }
}

TEST_F(KeyFile, AKeyThatOnlyItsOwnerMayReadIsAccepted) {
    for (const mode_t mode : {0600U, 0400U, 0700U}) {
        put(kBytes, mode);
        EXPECT_EQ(told(), "accepted");
        chmod(path_.c_str(), 0600);
    }
}

TEST_F(KeyFile, AKeyOfAnotherLengthIsRefused) {
    for (const std::size_t length : {0U, 31U, 33U, 64U}) {
        put(std::string(length, 'k'), 0600);
        EXPECT_EQ(told(),
                  path_ + ": expected a key of 32 bytes, got " + std::to_string(length) +
                      "; copy the key of another host, or write a new one with `nlb keygen`");
    }
}

TEST_F(KeyFile, AKeyOfZerosIsRefused) {
    put(std::string(32, '\0'), 0600);
    EXPECT_EQ(told(), path_ +
                          ": expected a random key, got 32 zero bytes; copy the key of another "
                          "host, or write a new one with `nlb keygen`");
}

TEST_F(KeyFile, ADirectoryOrPipeIsNoKey) {
    ASSERT_EQ(mkdir(path_.c_str(), 0700), 0);
    EXPECT_EQ(
        told(),
        path_ + ": expected a key file, got a directory or device; name a file that `nlb keygen " +
            path_ + "` wrote");
    ASSERT_EQ(rmdir(path_.c_str()), 0);
    ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
    EXPECT_EQ(
        told(),
        path_ + ": expected a key file, got a directory or device; name a file that `nlb keygen " +
            path_ + "` wrote");
}

TEST_F(KeyFile, AKeyBehindALinkIsAccepted) {
    put(kBytes, 0600);
    ASSERT_EQ(symlink(path_.c_str(), (path_ + "-link").c_str()), 0);
    EXPECT_TRUE(read_key(path_ + "-link").ok());
}

ClusterKey counting_key() {
    ClusterKey key;
    for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<Byte>(i);
    return key;
}

// Made with Python, which shares no code: hashlib.blake2b(b"", digest_size=32,
// key=bytes(range(32)), salt=(1).to_bytes(16, "little"), person=b"nlb-hash" + bytes(8)).
TEST(DerivedKeys, ThePinnedVectorsHold) {
    const ClusterKey key = counting_key();
    EXPECT_EQ(derive_hash_key(key),
              (std::array<std::uint64_t, 4>{0xe3998c8fc5f2967aU, 0x4653b5c6b26ac884U,
                                            0x28ab3229395a13e4U, 0x70d26a599506edc5U}));
    std::string hex;
    for (const Byte byte : derive_heartbeat_key(key)) {
        std::array<char, 3> pair{};
        std::snprintf(pair.data(), pair.size(), "%02x", unsigned{byte});
        hex += pair.data();
    }
    EXPECT_EQ(hex, "8a00ba5926e14a6b31891e3ece2db848562489d7c78d6364e58ef997be79b9ec");
    EXPECT_EQ(derive_seal_key(key),
              (std::array<std::uint64_t, 2>{0x8b1eefd48b6a2bb0U, 0xe52f96d1a8fd4522U}));
    EXPECT_EQ(key_id(key), 0xe3d2);
}

TEST(DerivedKeys, OneBitOfTheKeyChangesAllOfThem) {
    const ClusterKey key = counting_key();
    ClusterKey other = key;
    other.bytes[31] ^= 0x80U;
    EXPECT_NE(derive_hash_key(key), derive_hash_key(other));
    EXPECT_NE(derive_heartbeat_key(key), derive_heartbeat_key(other));
    EXPECT_NE(derive_seal_key(key), derive_seal_key(other));
    EXPECT_NE(key_id(key), key_id(other));
}

TEST(DerivedKeys, AKeyIsWipedWhenItGoes) {
    alignas(ClusterKey) std::array<Byte, sizeof(ClusterKey)> memory{};
    auto* key = new (memory.data()) ClusterKey(counting_key());
    ASSERT_EQ(memory[5], 5);
    key->~ClusterKey();
    for (const Byte byte : memory) EXPECT_EQ(byte, 0);
}

}  // namespace
}  // namespace nlb::config
