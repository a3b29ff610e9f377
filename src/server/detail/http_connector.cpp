#include "server/detail/http_connector.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"
#include "base/log.h"
#include "flow/connector.h"

namespace escucha::server {

namespace {

using control::ConnectorAnswer;
using Status = ConnectorAnswer::Status;

std::string body_of(const control::AskConnector& question) {
    boost::json::object params;
    for (const auto& [name, value] : question.params) params[name] = value;
    boost::json::object body{{"operation", question.operation}, {"params", std::move(params)}};
    if (question.customer) body["customer"] = question.customer->to_string();
    return boost::json::serialize(body);
}

Status status_of(flow::LookUpReply::Status status) {
    switch (status) {
        case flow::LookUpReply::Status::Ok:
            return Status::Ok;
        case flow::LookUpReply::Status::Stale:
            return Status::Stale;
        case flow::LookUpReply::Status::NotFound:
            return Status::NotFound;
        case flow::LookUpReply::Status::Failed:
            return Status::Failed;
        case flow::LookUpReply::Status::Timeout:
            return Status::Timeout;
    }
    return Status::Failed;
}

control::Answer not_available(const std::string& connector, std::string why) {
    log::warn("connector_failed", {{"connector", connector}, {"why", why}});
    return control::NotAvailable{std::move(why)};
}

}  // namespace

net::HttpCall http_question(const std::string& url, const control::AskConnector& question) {
    return {.method = "POST",
            .url = url,
            .headers = {{"Content-Type", "application/json"}},
            .body = body_of(question),
            .deadline = question.deadline,
            .max_reply_bytes = flow::kMaxReplyBytes};
}

control::Answer http_answer(const std::string& connector, const Result<net::HttpReply>& reply) {
    if (!reply && reply.error().code == Errc::Timeout) {
        log::warn("connector_failed", {{"connector", connector}, {"why", "no answer in time"}});
        return ConnectorAnswer{
            .status = Status::Timeout, .fields = {}, .source = {}, .as_of = std::nullopt};
    }
    if (!reply) return not_available(connector, reply.error().code.message());
    constexpr unsigned kOk = 200;
    if (reply.value().status != kOk) {
        return not_available(connector, "status " + std::to_string(reply.value().status));
    }
    auto decoded = flow::decode_look_up_reply(reply.value().body);
    if (!decoded) return not_available(connector, decoded.error().message());
    ConnectorAnswer answer{.status = status_of(decoded.value().status),
                           .fields = {},
                           .source = decoded.value().source,
                           .as_of = decoded.value().as_of};
    for (auto& field : decoded.value().fields) {
        answer.fields.emplace_back(std::move(field.name), std::move(field.text));
    }
    return answer;
}

}  // namespace escucha::server
