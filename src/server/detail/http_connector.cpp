#include "server/detail/http_connector.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/errc.h"
#include "base/log.h"
#include "flow/connector.h"
#include "net/http_client.h"

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

ConnectorAnswer failed(Status status) {
    return {.status = status, .fields = {}, .source = {}, .as_of = std::nullopt};
}

}  // namespace

control::ConnectorAnswer ask_http(const std::string& url, const control::AskConnector& question) {
    // One connection a thread, kept between questions.
    thread_local net::HttpClient client;
    const auto reply = client.call({.method = "POST",
                                    .url = url,
                                    .headers = {{"Content-Type", "application/json"}},
                                    .body = body_of(question),
                                    .deadline = question.deadline,
                                    .max_reply_bytes = flow::kMaxReplyBytes});
    if (!reply) {
        const bool is_late = reply.error().code == Errc::Timeout;
        log::warn("connector_failed",
                  {{"connector", question.connector}, {"why", reply.error().code.message()}});
        return failed(is_late ? Status::Timeout : Status::Failed);
    }
    constexpr unsigned kOk = 200;
    if (reply.value().status != kOk) {
        log::warn(
            "connector_failed",
            {{"connector", question.connector}, {"status", std::to_string(reply.value().status)}});
        return failed(Status::Failed);
    }
    auto decoded = flow::decode_look_up_reply(reply.value().body);
    if (!decoded) {
        log::warn("connector_failed",
                  {{"connector", question.connector}, {"why", decoded.error().message()}});
        return failed(Status::Failed);
    }
    ConnectorAnswer answer = failed(status_of(decoded.value().status));
    answer.source = decoded.value().source;
    answer.as_of = decoded.value().as_of;
    for (auto& field : decoded.value().fields) {
        answer.fields.emplace_back(std::move(field.name), std::move(field.text));
    }
    return answer;
}

}  // namespace escucha::server
