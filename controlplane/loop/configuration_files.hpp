// The configuration files of one host: the operator's own, and in the state directory the one that
// came from another machine, the one that it took the place of, and keys. Which of them is in force
// follows from them alone, at a start as at a reload. Thread: any; files are read and written here,
// so not the loop's while it runs.
#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"
#include "core/base/result.hpp"

namespace nlb::controlplane {

struct ConfigurationFiles {
    std::string own;        // the operator's
    std::string directory;  // of the host's state
    std::string host;

    [[nodiscard]] std::string received() const { return directory + "/configuration.yaml"; }
    [[nodiscard]] std::string former() const { return directory + "/configuration.yaml.former"; }
    [[nodiscard]] std::string keys() const { return directory + "/keys"; }
};

struct ChosenConfiguration {
    config::Loaded loaded;  // in force
    std::string file;
    config::Config own;
    // Why the file that came is not in force although its generation is higher; or which own file
    // is not, because it is not. Empty: there is nothing to say.
    std::string received_refused;
    std::string own_passed_over;
};
// An error is one of the operator's own file; a file that came and cannot be used is passed over.
[[nodiscard]] Result<ChosenConfiguration> choose_configuration(const ConfigurationFiles& files);

// What was brought here, as it would be in force. An error says why it may not be.
[[nodiscard]] Result<config::Loaded> check_received(const ConfigurationFiles& files,
                                                    const config::Config& own,
                                                    const std::string& text);

// Written beside and renamed, and on the disk when it returns; what came before it is kept as
// former().
[[nodiscard]] Status keep_received(const ConfigurationFiles& files, const std::string& text);
// The former one again, or none. Nothing happens unless the file that came has that digest
// (config/transfer.hpp).
[[nodiscard]] Status undo_received(const ConfigurationFiles& files, const std::string& digest);

// A key of 32 bytes under a plain name, mode 0600. One of that name and other bytes is not
// overwritten; keys that came and are not in `used` make room. Requires: is_plain_file_name(name).
[[nodiscard]] Status keep_key(const ConfigurationFiles& files, const std::string& name,
                              const std::string& bytes, const std::vector<std::string>& used);

}  // namespace nlb::controlplane
