// fork and exec with the two outputs in files: no pipe can fill up.
#include "tests/unit/cli/sandbox.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/assert.hpp"

namespace nlb::cli {
namespace {

std::string content_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void redirect(const std::string& path, int flags, int to) {
    const int fd = ::open(path.c_str(), flags, 0600);
    if (fd < 0 || ::dup2(fd, to) < 0) ::_exit(126);
}

[[noreturn]] void become(const std::string& directory, const Sandbox& outputs,
                         std::vector<char*> arguments) {
    if (::chdir(directory.c_str()) != 0) ::_exit(126);
    redirect("/dev/null", O_RDONLY, STDIN_FILENO);
    redirect(outputs.file("out"), O_WRONLY | O_CREAT, STDOUT_FILENO);
    redirect(outputs.file("err"), O_WRONLY | O_CREAT, STDERR_FILENO);
    ::unsetenv("CLICOLOR_FORCE");
    ::execv(arguments.front(), arguments.data());
    ::_exit(127);
}

}  // namespace

Sandbox::Sandbox() {
    std::string name = (std::filesystem::temp_directory_path() / "nlb-cli-XXXXXX").string();
    NLB_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
}

Sandbox::~Sandbox() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string Sandbox::write(const std::string& name, const std::string& content,
                           unsigned mode) const {
    std::ofstream(file(name), std::ios::binary) << content;
    NLB_ASSERT(::chmod(file(name).c_str(), mode) == 0);
    return file(name);
}

std::string Sandbox::write_lab() const {
    write("lab.key", std::string(32, 'k'), 0600);
    return write("lab.yaml", lab_yaml());
}

std::string lab_yaml() {
    std::string text = R"(clusters:
  - name: lab
    address: 192.0.2.80/24
    virtual_addresses: ["2001:db8::80/64"]
    key_file: lab.key
    port_rules:
      - {name: http, ports: 80, protocol: tcp, affinity: none}
      - {name: echo, ports: 7, protocol: udp}
      - {name: admin, ports: 443, protocol: tcp, mode: single}
    hosts:
)";
    for (const std::string id : {"1", "2", "3"}) {
        text += "      - name: host" + id + "\n        id: " + id +
                "\n        addresses: [192.0.2.1" + id + "/24]\n";
        text += "        priorities: {admin: " + id +
                "}\n        outside: \"net_af_packet0,iface=outside\"\n";
        text += "        inside: \"net_tap0,iface=inside\"\n        lcores: 1\n";
    }
    return text;
}

bool program_known() {
    return std::getenv("NLB_PROGRAM") != nullptr;
}

Outcome run_nlb(const std::string& directory, const std::vector<std::string>& arguments) {
    const Sandbox outputs;
    std::vector<std::string> words = arguments;
    words.insert(words.begin(), std::filesystem::absolute(std::getenv("NLB_PROGRAM")).string());
    std::vector<char*> pointers;
    for (std::string& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    const pid_t child = ::fork();
    NLB_ASSERT(child >= 0);
    if (child == 0) become(directory, outputs, pointers);
    int status = 0;
    NLB_ASSERT(::waitpid(child, &status, 0) == child);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
            content_of(outputs.file("out")), content_of(outputs.file("err"))};
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

}  // namespace nlb::cli
