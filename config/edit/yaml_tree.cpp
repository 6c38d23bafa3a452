// yaml-cpp says where values begin; where they end follows from the text and their children. A
// plain scalar of one line stands in the text as its value is, so its length is known, too.
#include "config/edit/yaml_tree.hpp"

#include <algorithm>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

namespace nlb::config {
namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t kNestingMax = 64;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

Error at_line(int line, const std::string& what) {
    return Error{"line " + std::to_string(line + 1) + ": " + what +
                 " cannot be edited by this command: edit the file by hand"};
}

// Builds the tree as yaml-cpp walks through the document; the first thing that it does not take
// ends all.
class TreeBuilder : public YAML::EventHandler {
public:
    explicit TreeBuilder(std::string_view text) : text_(text) {
        starts_.push_back(text.rfind(kByteOrderMark, 0) == 0 ? kByteOrderMark.size() : 0);
        for (std::size_t at = text.find('\n'); at != std::string_view::npos;
             at = text.find('\n', at + 1))
            starts_.push_back(at + 1);
    }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        if (anchor != 0) refuse(mark, "an anchor");
        YamlNode node;
        node.begin = node.end = behind_key();
        add(std::move(node));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, "an alias"); }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check(mark, tag, anchor);
        YamlNode node;
        node.kind = Kind::scalar;
        node.scalar = value;
        node.begin = offset_of(mark);
        node.end = end_of_scalar(mark, node);
        add(std::move(node));
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, Kind::list);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value style) override {
        open(mark, tag, anchor, style, Kind::mapping);
    }
    void OnMapEnd() override { close(); }

    [[nodiscard]] Result<YamlNode> take() {
        if (!fault_.empty()) return Error{fault_};
        return std::move(top_);
    }

private:
    struct Open {
        YamlNode node;
        bool key_next = true;  // of a mapping
    };

    void refuse(const YAML::Mark& mark, const std::string& what) {
        if (fault_.empty()) fault_ = at_line(mark.line, what).message;
    }
    void check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
        if (anchor != 0) refuse(mark, "an anchor");
        if (!tag.empty() && tag != "?" && tag != "!") refuse(mark, "a tag");
    }
    [[nodiscard]] std::size_t offset_of(const YAML::Mark& mark) const {
        const auto line = static_cast<std::size_t>(std::max(mark.line, 0));
        if (line >= starts_.size()) return text_.size();
        return std::min(text_.size(),
                        starts_[line] + static_cast<std::size_t>(std::max(mark.column, 0)));
    }
    // A value that is not there: behind the colon of its key.
    [[nodiscard]] std::size_t behind_key() const {
        if (open_.empty() || open_.back().node.keys.empty()) return 0;
        const std::size_t colon = text_.find(':', open_.back().node.keys.back().end);
        return colon == std::string_view::npos ? text_.size() : colon + 1;
    }
    std::size_t end_of_scalar(const YAML::Mark& mark, const YamlNode& node) {
        const char first = node.begin < text_.size() ? text_[node.begin] : '\0';
        if (first == '"' || first == '\'') return end_of_quoted(mark, node.begin, first);
        if (first == '|' || first == '>') {
            refuse(mark, "a block scalar (| or >)");
        } else if (text_.substr(node.begin, node.scalar.size()) != node.scalar) {
            refuse(mark, "a value that goes on in the next line");
        }
        return node.begin + node.scalar.size();
    }
    std::size_t end_of_quoted(const YAML::Mark& mark, std::size_t begin, char quote) {
        for (std::size_t at = begin + 1; at < text_.size(); ++at) {
            if (text_[at] == '\n') refuse(mark, "a value that goes on in the next line");
            if (quote == '"' && text_[at] == '\\') {
                ++at;
            } else if (text_[at] == quote) {
                const bool doubled =
                    quote == '\'' && at + 1 < text_.size() && text_[at + 1] == quote;
                if (!doubled) return at + 1;
                ++at;
            }
        }
        return text_.size();
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YAML::EmitterStyle::value style, Kind kind) {
        check(mark, tag, anchor);
        Open fresh;
        fresh.node.kind = kind;
        fresh.node.flow = style == YAML::EmitterStyle::Flow;
        fresh.node.begin = offset_of(mark);
        const char bracket = kind == Kind::list ? '[' : '{';
        if (fresh.node.flow &&
            (fresh.node.begin >= text_.size() || text_[fresh.node.begin] != bracket))
            refuse(mark, "a mapping without braces in a list");
        if (open_.size() >= kNestingMax) refuse(mark, "a value that is nested so deeply");
        open_.push_back(std::move(fresh));
    }
    void close() {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        const std::size_t last = node.items.empty() ? node.begin + 1 : node.items.back().end;
        node.end = node.flow ? behind_bracket(last) : last;
        add(std::move(node));
    }
    // Between the last child and the bracket stand blanks, comments and at most a comma.
    [[nodiscard]] std::size_t behind_bracket(std::size_t at) const {
        for (; at < text_.size(); ++at) {
            if (text_[at] == '#') at = std::min(text_.find('\n', at), text_.size() - 1);
            if (text_[at] == ']' || text_[at] == '}') return at + 1;
        }
        return text_.size();
    }

    void add(YamlNode node) {
        if (open_.empty()) {
            top_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == Kind::mapping && parent.key_next) {
            parent.key_next = false;
            parent.node.keys.push_back(std::move(node));
            return;
        }
        parent.key_next = true;
        parent.node.items.push_back(std::move(node));
    }

    std::string_view text_;
    std::vector<std::size_t> starts_;  // of lines
    std::vector<Open> open_;
    YamlNode top_;
    std::string fault_;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
    for (std::size_t i = 0; i < keys.size() && i < items.size(); ++i)
        if (keys[i].scalar == key) return &items[i];
    return nullptr;
}

Result<YamlNode> read_yaml_tree(std::string_view text) {
    TreeBuilder builder(text);
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        parser.HandleNextDocument(builder);
    } catch (const YAML::Exception& exception) {
        return Error{"line " + std::to_string(exception.mark.line + 1) +
                     ": expected YAML, got: " + exception.msg};
    }
    return builder.take();
}

bool same_values(const YamlNode& one, const YamlNode& other) {
    if (one.kind != other.kind || one.items.size() != other.items.size()) return false;
    if (one.kind == Kind::scalar) return one.scalar == other.scalar;
    if (one.kind == Kind::list)
        return std::equal(one.items.begin(), one.items.end(), other.items.begin(), same_values);
    for (std::size_t i = 0; i < one.keys.size(); ++i) {
        const YamlNode* const twin = other.find(one.keys[i].scalar);
        if (twin == nullptr || !same_values(one.items[i], *twin)) return false;
    }
    return true;
}

}  // namespace nlb::config
