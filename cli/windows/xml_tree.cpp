#include "cli/windows/xml_tree.hpp"

#include <algorithm>
#include <expat.h>
#include <fmt/format.h>
#include <memory>

#include "cli/json.hpp"

namespace nlb::cli::windows {
namespace {

constexpr std::size_t kTextMax = 4096;  // of one element; the rest says nothing about NLB

struct Building {
    XML_Parser parser = nullptr;
    XmlElement top;
    std::vector<XmlElement*> open;
    std::size_t elements = 0;
    std::string refusal;
};

void refuse(Building& building, const std::string& why) {
    if (building.refusal.empty()) building.refusal = why;
    XML_StopParser(building.parser, XML_FALSE);
}

std::string local_name(const XML_Char* name) {
    const std::string whole(name);
    const std::size_t colon = whole.rfind(':');
    return colon == std::string::npos ? whole : whole.substr(colon + 1);
}

// The address of an element that is open does not change: its parent gets no further child before
// it is closed.
void XMLCALL on_start(void* user, const XML_Char* name, const XML_Char** attributes) {
    Building& building = *static_cast<Building*>(user);
    if (building.open.size() == kXmlDepthMax)
        return refuse(building,
                      fmt::format("expected at most {} elements in one another", kXmlDepthMax));
    if (++building.elements > kXmlElementsMax)
        return refuse(building, fmt::format("expected at most {} elements", kXmlElementsMax));
    XmlElement& element = building.open.back()->children.emplace_back();
    element.name = local_name(name);
    element.line = XML_GetCurrentLineNumber(building.parser);
    for (std::size_t i = 0; attributes[i] != nullptr; i += 2) {
        if (std::string_view(attributes[i]) == "N") element.n = attributes[i + 1];
        if (std::string_view(attributes[i]) == "RefId") element.ref_id = attributes[i + 1];
    }
    building.open.push_back(&element);
}

void XMLCALL on_end(void* user, const XML_Char*) {
    Building& building = *static_cast<Building*>(user);
    building.open.back()->text = std::string(trimmed(building.open.back()->text));
    building.open.pop_back();
}

void XMLCALL on_text(void* user, const XML_Char* text, int length) {
    Building& building = *static_cast<Building*>(user);
    std::string& into = building.open.back()->text;
    into.append(text, std::min(static_cast<std::size_t>(length), kTextMax - into.size()));
}

void XMLCALL on_doctype(void* user, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    refuse(*static_cast<Building*>(user), "expected no document type, got one");
}

}  // namespace

const XmlElement* XmlElement::child(std::string_view wanted) const {
    const auto found =
        std::find_if(children.begin(), children.end(),
                     [wanted](const XmlElement& one) { return same_name(one.name, wanted); });
    return found == children.end() ? nullptr : &*found;
}

Result<XmlElement> parse_xml(std::string_view bytes, const std::string& file) {
    const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
        XML_ParserCreate(nullptr), &XML_ParserFree);
    if (!parser) return Error{file + ":1: no memory is left to read it"};
    Building building;
    building.parser = parser.get();
    building.open.push_back(&building.top);
    XML_SetUserData(parser.get(), &building);
    XML_SetElementHandler(parser.get(), &on_start, &on_end);
    XML_SetCharacterDataHandler(parser.get(), &on_text);
    XML_SetStartDoctypeDeclHandler(parser.get(), &on_doctype);
    const auto status =
        XML_Parse(parser.get(), bytes.data(), static_cast<int>(bytes.size()), XML_TRUE);
    if (status == XML_STATUS_OK && !building.top.children.empty())
        return std::move(building.top.children.front());
    const std::string why = building.refusal.empty()
                                ? fmt::format("expected XML, got an error: {}",
                                              XML_ErrorString(XML_GetErrorCode(parser.get())))
                                : building.refusal;
    return Error{
        fmt::format("{}:{}: {}", printable(file), XML_GetCurrentLineNumber(parser.get()), why)};
}

}  // namespace nlb::cli::windows
