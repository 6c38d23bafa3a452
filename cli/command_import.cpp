// import: Windows NLB's texts in, our YAML out; what changes and what is to be known go to the
// error stream, so that the output can become the file.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <iterator>

#include "cli/commands.hpp"
#include "cli/text_table.hpp"
#include "cli/windows/import.hpp"

namespace nlb::cli {
namespace {

// One byte more than is taken tells that there is more.
Result<std::string> bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string bytes(windows::kFileBytesMax + 1, '\0');
    if (file) file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    if (!file.is_open() || file.bad())
        return Error{path + ":1: cannot be read; it must be a file that you may read"};
    bytes.resize(static_cast<std::size_t>(file.gcount()));
    if (bytes.empty()) return Error{path + ":1: expected a text of Windows NLB, got nothing"};
    return bytes;
}

void show(const windows::Imported& imported, Console& console) {
    TextTable table({{"parameter"}, {"Windows"}, {"here"}, {"from"}});
    for (const windows::Change& change : imported.changes)
        table.add({change.parameter, change.windows, change.here, to_string(change.place)});
    console.aside(table.render(false));
    for (const std::string& note : imported.notes) console.aside("note: " + note);
    console.aside(
        fmt::format("{} to fill in; then `nlb check FILE`", counted(imported.to_fill_in, "value")));
}

Json as_json(const windows::Imported& imported) {
    Json answer = success("");
    answer["yaml"] = imported.yaml;
    answer["to_fill_in"] = imported.to_fill_in;
    answer["notes"] = imported.notes;
    answer["changes"] = Json::array();
    for (const windows::Change& change : imported.changes)
        answer["changes"].push_back({{"parameter", change.parameter},
                                     {"windows", change.windows},
                                     {"here", change.here},
                                     {"from", to_string(change.place)}});
    return answer;
}

}  // namespace

ExitCode run_import(const Options& options, Console& console) {
    std::vector<windows::NamedBytes> files;
    for (const std::string& path : options.files) {
        auto bytes = bytes_of(path);
        if (!bytes) return console.fail_configuration(bytes.error());
        files.push_back({path, std::move(bytes.value())});
    }
    const auto imported = windows::import_files(files);
    if (!imported) return console.fail_configuration(imported.error());
    std::string yaml = imported.value().yaml;
    yaml.pop_back();  // say() adds the line's end
    console.say(yaml);
    console.answer(as_json(imported.value()));
    console.flush();
    show(imported.value(), console);
    return ExitCode::done;
}

}  // namespace nlb::cli
