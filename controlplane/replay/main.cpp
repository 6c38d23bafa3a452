// nlb-replay: runs recordings again and says what they tell. `nlb replay` starts it. Exit codes: 0
// equal to the recordings and no disagreement, 1 not so, 2 usage, or nothing that can be replayed.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <unistd.h>

#include "controlplane/replay/recordings.hpp"
#include "controlplane/replay/show.hpp"

namespace {

bool colour_wanted() {
    const char* const refused = std::getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) != 0 && (refused == nullptr || *refused == '\0');
}

// As `nlb` does: in JSON where that was asked for.
void complain(const std::string& sentence, bool json) {
    if (!json) {
        std::cerr << sentence << "\n";
        return;
    }
    const nlohmann::ordered_json answer = {
        {"ok", false}, {"return_value", 1003}, {"message", sentence}};
    using Handler = nlohmann::ordered_json::error_handler_t;
    std::cout << answer.dump(-1, ' ', false, Handler::replace) << "\n";
}

int replay(const std::string& path, bool json) {
    using namespace nlb::controlplane;
    const auto history = replay_path(path);
    if (!history) {
        complain(history.error().message, json);
        return 2;
    }
    const Clocks clocks(history.value());
    const Findings findings = find_in(history.value(), clocks);
    show(std::cout, history.value(), clocks, findings, {json, colour_wanted()});
    std::cout.flush();
    return is_clean(history.value(), findings) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    std::string path;
    bool json = false;
    CLI::App app{"nlb-replay: runs the recordings of control planes again and compares"};
    app.set_version_flag("--version", NLB_VERSION);
    app.add_option("bundle", path, "a bundle, or a folder with recordings")->required();
    app.add_flag("--json", json, "one line of JSON for each entry, and one at the end");
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& success) {
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        app.exit(error);
        return 2;
    }
    return replay(path, json);
}
