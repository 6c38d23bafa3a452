// Which programs are run: only those that nobody but root can have put there.
#include "controlplane/health/trusted_file.hpp"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nlb::controlplane {
namespace {

namespace fs = std::filesystem;

// A directory below /root, whose own directories are root's alone.
class TrustedFile : public ::testing::Test {
protected:
    void SetUp() override {
        if (geteuid() != 0) GTEST_SKIP() << "only root owns files of root";
        place_ = "/root/nlb-trusted-file-test-" + std::to_string(getpid());
        fs::create_directories(place_);
        chmod(place_.c_str(), 0755);
        if (!trusted_file("/usr/bin/true")) GTEST_SKIP() << "/usr is not root's here";
    }
    void TearDown() override {
        if (!place_.empty()) fs::remove_all(place_);
    }
    std::string make(const std::string& name, mode_t mode = 0755) {
        const std::string path = place_ + "/" + name;
        std::ofstream(path) << "#!/bin/sh\n";
        chmod(path.c_str(), mode);
        return path;
    }
    static std::string refusal(const std::string& path) {
        const auto file = trusted_file(path);
        return file ? "" : file.error().message;
    }
    std::string place_;
};

TEST_F(TrustedFile, RootsOwnProgramIsTakenAlsoThroughRootsLinks) {
    const std::string path = make("check");
    EXPECT_EQ(trusted_file(path).value(), path);
    fs::create_symlink("check", place_ + "/link");
    EXPECT_EQ(trusted_file(place_ + "/./link").value(), path);
    fs::create_symlink(place_, place_ + "/up");
    EXPECT_EQ(
        trusted_file(place_ + "/up/../" + fs::path(place_).filename().string() + "/check").value(),
        path);
}

TEST_F(TrustedFile, WhatOthersMayWriteIsRefusedByNameWithTheRemedy) {
    const std::string path = make("check", 0775);
    EXPECT_NE(refusal(path).find("chmod go-w " + path), std::string::npos) << refusal(path);
    const std::string good = make("good");
    chmod(place_.c_str(), 0777);
    EXPECT_NE(refusal(good).find("chmod go-w " + place_ + "`"), std::string::npos);
}

TEST_F(TrustedFile, WhatIsNotRootsIsRefusedTheFileOrADirectoryBehindALink) {
    const std::string path = make("check");
    ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
    EXPECT_NE(refusal(path).find("is not root's"), std::string::npos);
    fs::create_directory(place_ + "/theirs");
    ASSERT_EQ(chown((place_ + "/theirs").c_str(), 65534, 65534), 0);
    const std::string inner = make("theirs/check");
    fs::create_symlink(inner, place_ + "/link");
    EXPECT_NE(refusal(place_ + "/link").find("/theirs is not root's"), std::string::npos);
}

TEST_F(TrustedFile, DirectoriesMissingFilesLoopsAndPlainFilesAreNoPrograms) {
    EXPECT_NE(refusal(place_), "");
    EXPECT_NE(refusal("/"), "");
    EXPECT_NE(refusal(place_ + "/nothing").find("No such file"), std::string::npos);
    fs::create_symlink("loop", place_ + "/loop");
    EXPECT_NE(refusal(place_ + "/loop").find("too many symbolic links"), std::string::npos);
    const std::string plain = make("plain", 0644);
    EXPECT_NE(refusal(plain).find("chmod u+x " + plain), std::string::npos);
}

}  // namespace
}  // namespace nlb::controlplane
