#include "demo/detail/document.h"

#include <fstream>
#include <iterator>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"

namespace escucha::demo::detail {

Result<std::string> read_file(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return fail(Errc::NotFound, path);
    return std::string{std::istreambuf_iterator<char>{file}, {}};
}

Node::Node(std::shared_ptr<const boost::json::value> root,
           const boost::json::value* value,
           std::string where)
    : root_{std::move(root)}, value_{value}, where_{std::move(where)} {}

Result<Node> Node::read(const std::string& path) {
    ESC_TRY(const auto text, read_file(path));
    boost::json::error_code error;
    auto parsed = boost::json::parse(text, error);
    if (error || !parsed.is_object()) {
        return fail(Errc::InvalidArgument, path + ": not a JSON object: " + error.message());
    }
    auto root = std::make_shared<const boost::json::value>(std::move(parsed));
    const auto* value = root.get();
    return Node{std::move(root), value, path + ": "};
}

const boost::json::value* Node::find(std::string_view name) const {
    return value_->is_object() ? value_->get_object().if_contains(name) : nullptr;
}

Error Node::wrong(std::string_view name, std::string_view what) const {
    return fail(Errc::InvalidArgument, where_ + "/" + std::string{name} + " " + std::string{what});
}

bool Node::has(std::string_view name) const { return find(name) != nullptr; }

Result<Node> Node::at(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr) return wrong(name, "is missing");
    return Node{root_, value, where_ + "/" + std::string{name}};
}

Result<std::vector<Node>> Node::list(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr || !value->is_array()) return wrong(name, "is not a list");
    std::vector<Node> nodes;
    for (const auto& item : value->get_array()) {
        const std::string place = "/" + std::string{name} + "/" + std::to_string(nodes.size());
        nodes.push_back(Node{root_, &item, where_ + place});
    }
    return nodes;
}

Result<std::string> Node::text(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr || !value->is_string()) return wrong(name, "is not text");
    return std::string{std::string_view{value->get_string()}};
}

Result<std::int64_t> Node::integer(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr || !value->is_int64()) return wrong(name, "is not a whole number");
    return value->get_int64();
}

Result<std::vector<std::string>> Node::texts(std::string_view name) const {
    const auto* value = find(name);
    if (value == nullptr || !value->is_array()) return wrong(name, "is not a list");
    std::vector<std::string> texts;
    for (const auto& item : value->get_array()) {
        if (!item.is_string()) return wrong(name, "holds something that is not text");
        texts.emplace_back(std::string_view{item.get_string()});
    }
    return texts;
}

std::string Node::text_or(std::string_view name, std::string_view fallback) const {
    const auto* value = find(name);
    if (value == nullptr || !value->is_string()) return std::string{fallback};
    return std::string{std::string_view{value->get_string()}};
}

std::int64_t Node::integer_or(std::string_view name, std::int64_t fallback) const {
    const auto* value = find(name);
    return value != nullptr && value->is_int64() ? value->get_int64() : fallback;
}

bool Node::flag(std::string_view name) const {
    const auto* value = find(name);
    return value != nullptr && value->is_bool() && value->get_bool();
}

std::string Node::print() const { return boost::json::serialize(*value_); }

}  // namespace escucha::demo::detail
