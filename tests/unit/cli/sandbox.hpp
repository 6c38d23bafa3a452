// A directory of its own for each test, and the real `nlb` run in it. The directory goes with the
// test.
#pragma once

#include <string>
#include <vector>

namespace nlb::cli {

class Sandbox {
public:
    Sandbox();
    Sandbox(const Sandbox&) = delete;
    Sandbox& operator=(const Sandbox&) = delete;
    ~Sandbox();
    [[nodiscard]] const std::string& path() const { return path_; }
    [[nodiscard]] std::string file(const std::string& name) const { return path_ + '/' + name; }
    // The path of the new file.
    std::string write(const std::string& name, const std::string& content,
                      unsigned mode = 0644) const;
    // A three-host cluster `lab` (host1..host3; rules http tcp 80 affinity none, echo udp 7, admin
    // tcp 443 single) with its key.
    std::string write_lab() const;

private:
    std::string path_;
};

// The text of that configuration.
[[nodiscard]] std::string lab_yaml();

struct Outcome {
    int exit_code = -1;
    std::string out;
    std::string err;
};
// NLB_PROGRAM with these arguments, standard input empty, in `directory`.
[[nodiscard]] Outcome run_nlb(const std::string& directory,
                              const std::vector<std::string>& arguments);
[[nodiscard]] bool program_known();

[[nodiscard]] std::vector<std::string> lines_of(const std::string& text);

}  // namespace nlb::cli

#define SKIP_WITHOUT_PROGRAM() \
    if (!nlb::cli::program_known()) GTEST_SKIP() << "NLB_PROGRAM does not name the program to run"
