// Where state lies, and which places are refused.
#include "config/daemon/state_directory.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace nlb::daemon {
namespace {

TEST(StateDirectory, AHostHasAPlaceOfItsOwnInWhatIsConfigured) {
    EXPECT_EQ(state_directory_of("", "", "edge1"), "/var/lib/nlb/edge1");
    EXPECT_EQ(state_directory_of("/srv/nlb", "", "edge1"), "/srv/nlb/edge1");
    EXPECT_EQ(state_directory_of("/srv/nlb", "/run/lab", "edge1"), "/srv/nlb/edge1");
}

TEST(StateDirectory, ARunDirectoryAloneHoldsItAll) {
    EXPECT_EQ(state_directory_of("", "/run/lab", "edge1"), "/run/lab");
}

class MakeStateDirectory : public ::testing::Test {
protected:
    void SetUp() override {
        std::array<char, 32> name{"/tmp/nlb-states.XXXXXX"};
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        root_ = name.data();
    }
    void TearDown() override { std::filesystem::remove_all(root_); }
    std::string root_;
};

TEST_F(MakeStateDirectory, MakesItWithItsParentsForItsOwnerAndGroup) {
    const std::string path = root_ + "/a/edge1";
    ASSERT_TRUE(make_state_directory(path));
    ASSERT_TRUE(make_state_directory(path)) << "it is there already";
    for (const std::string& made : {root_ + "/a", path}) {
        struct stat about {};
        ASSERT_EQ(stat(made.c_str(), &about), 0);
        EXPECT_EQ(about.st_mode & 0777U, 0750U) << made;
    }
}

TEST_F(MakeStateDirectory, RefusesWhatOthersMayWriteToAndWhatIsNoDirectory) {
    const std::string path = root_ + "/edge1";
    ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
    ASSERT_EQ(chmod(path.c_str(), 0777), 0);
    const Status open = make_state_directory(path);
    ASSERT_FALSE(open);
    EXPECT_EQ(open.error().message, path +
                                        ": cannot keep files in this directory (others may write "
                                        "to it; run `chmod 755 " +
                                        path + "`)");
    const Status nowhere = make_state_directory("/dev/null/edge1");
    ASSERT_FALSE(nowhere);
    EXPECT_EQ(nowhere.error().message,
              "/dev/null/edge1: cannot make this directory: Not a directory; make it, or change "
              "state_dir");
}

}  // namespace
}  // namespace nlb::daemon
