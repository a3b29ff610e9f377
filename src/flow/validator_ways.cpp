#include <algorithm>
#include <map>
#include <set>

#include "base/overloaded.h"
#include "flow/detail/findings.h"

namespace escucha::flow::detail {

namespace {

using Nodes = std::set<NodeId>;
/// Who follows whom.
using Ways = std::map<NodeId, Nodes>;

/// Edges that may be left out: what then happens is a person, or another edge of the node.
bool may_be_empty(const Node& node, std::string_view edge) {
    if (std::holds_alternative<LookUpNode>(node.what))
        return edge == "stale" || edge == "not_found";
    return false;
}

bool asks_keys(const Node& node) {
    const auto* identify = std::get_if<IdentifyNode>(&node.what);
    return std::holds_alternative<MenuNode>(node.what) ||
           std::holds_alternative<CollectNode>(node.what) ||
           std::holds_alternative<FindCaseNode>(node.what) ||
           (identify != nullptr && identify->document.has_value());
}

/// Whether passing this node is counted at run time or bounded by the caller: a question with
/// attempts, a queue, a recording.
bool counts_laps(const Node& node) {
    return asks_keys(node) || std::holds_alternative<QueueNode>(node.what) ||
           std::holds_alternative<VoicemailNode>(node.what);
}

Ways ways_of(const Document& document) {
    Ways ways;
    for (const auto& [id, node] : document.nodes) {
        auto& targets = ways[id];
        for (const auto& edge : edges_of(node)) {
            if (document.find_node(edge.to) != nullptr) targets.insert(edge.to);
        }
        // The human key is a way out of every question.
        if (asks_keys(node) && document.find_node(document.human) != nullptr) {
            targets.insert(document.human);
        }
    }
    return ways;
}

/// Everything that can be reached from `from`, itself among it.
Nodes reached(const Ways& ways, const NodeId& from) {
    Nodes seen = {from};
    std::vector<NodeId> open = {from};
    while (!open.empty()) {
        const auto node = open.back();
        open.pop_back();
        const auto next = ways.find(node);
        if (next == ways.end()) continue;
        for (const auto& target : next->second) {
            if (seen.insert(target).second) open.push_back(target);
        }
    }
    return seen;
}

/// A queue, or a voicemail whose message becomes a case even when the caller just hangs up.
bool reaches_people(const Document& document, const Nodes& nodes) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const NodeId& id) {
        const auto* node = document.find_node(id);
        if (node == nullptr) return false;
        if (std::holds_alternative<QueueNode>(node->what)) return true;
        return std::holds_alternative<VoicemailNode>(node->what) && !node->on_hangup.empty();
    });
}

bool reaches_end(const Document& document, const Nodes& nodes) {
    return std::any_of(nodes.begin(), nodes.end(), [&](const NodeId& id) {
        const auto* node = document.find_node(id);
        return node != nullptr && (std::holds_alternative<EndNode>(node->what) ||
                                   std::holds_alternative<QueueNode>(node->what));
    });
}

void check_targets(const Document& document, Findings& findings) {
    if (document.find_node(document.start) == nullptr) {
        findings.error("",
                       "unknown_start",
                       "El inicio " + quoted(document.start) +
                           " no existe: elija como inicio uno de los nodos.",
                       "The start " + quoted(document.start) +
                           " does not exist: choose one of the nodes as the start.");
    }
    for (const auto& [id, node] : document.nodes) {
        for (const auto& edge : edges_of(node)) {
            if (edge.to.empty() || document.find_node(edge.to) != nullptr) continue;
            findings.error(id,
                           "unknown_target",
                           "La salida " + quoted(edge.name) + " lleva a " + quoted(edge.to) +
                               ", que no existe: una la salida a un nodo de este flujo.",
                           "The way out " + quoted(edge.name) + " leads to " + quoted(edge.to) +
                               ", which does not exist: join it to a node of this flow.");
        }
        if (node.on_hangup.empty()) continue;
        const auto* open = document.find_node(node.on_hangup);
        if (open != nullptr && std::holds_alternative<OpenCaseNode>(open->what)) continue;
        findings.error(id,
                       "on_hangup_is_no_case",
                       "«on_hangup» debe nombrar un nodo que abra un caso, y " +
                           quoted(node.on_hangup) + " no lo es: elija uno de tipo «open_case».",
                       "\"on_hangup\" must name a node that opens a case, and " +
                           quoted(node.on_hangup) + " is none: choose one of type \"open_case\".");
    }
}

void check_edges(const Document& document, Findings& findings) {
    for (const auto& [id, node] : document.nodes) {
        for (const auto& edge : edges_of(node)) {
            if (!edge.to.empty() || may_be_empty(node, edge.name)) continue;
            if (edge.name == "no_input" || edge.name == "no_match") {
                findings.error(
                    id,
                    "missing_" + edge.name,
                    std::string{"Diga adónde va quien "} +
                        (edge.name == "no_input" ? "no pulsa nada" : "pulsa teclas que no valen") +
                        ": añada la salida " + quoted(edge.name) + ".",
                    std::string{"Say where a caller goes who "} +
                        (edge.name == "no_input" ? "presses nothing" : "presses wrong keys") +
                        ": add the way out " + quoted(edge.name) + ".");
                continue;
            }
            findings.error(
                id,
                "dead_end",
                "La salida " + quoted(edge.name) +
                    " no lleva a ninguna parte: únala a otro nodo, o a uno de tipo «end».",
                "The way out " + quoted(edge.name) +
                    " leads nowhere: join it to another node, or to one of type \"end\".");
        }
    }
}

void check_people(const Document& document, const Ways& ways, Findings& findings) {
    const bool has_human = document.find_node(document.human) != nullptr;
    if (!has_human) {
        findings.error(
            "",
            "missing_human",
            "El flujo no dice dónde hay una persona: ponga en «human» un nodo que lleve a "
            "una cola.",
            "The flow does not say where a person is: name in \"human\" a node that leads "
            "to a queue.");
    } else if (!reaches_people(document, reached(ways, document.human))) {
        findings.error(
            document.human,
            "missing_human_exit",
            "Desde aquí no se llega a ninguna persona: añada una cola, o un buzón de voz "
            "con «on_hangup» para que su mensaje abra un caso.",
            "No person can be reached from here: add a queue, or a voicemail with "
            "\"on_hangup\" so that its message opens a case.");
    }
    for (const auto& [id, node] : document.nodes) {
        if (!asks_keys(node) || reaches_people(document, reached(ways, id))) continue;
        findings.error(
            id,
            "missing_human_exit",
            "Quien llega a esta pregunta no puede hablar con nadie: lleve «no_input» o "
            "«no_match» a una cola, o dé al flujo un nodo «human» que llegue a una.",
            "Whoever comes to this question cannot speak to anyone: lead \"no_input\" or "
            "\"no_match\" to a queue, or give the flow a \"human\" node that reaches one.");
    }
}

void check_reach(const Document& document, const Ways& ways, Findings& findings) {
    auto seen = reached(ways, document.start);
    const auto from_human = reached(ways, document.human);
    seen.insert(from_human.begin(), from_human.end());
    for (const auto& [id, node] : document.nodes) {
        if (seen.contains(id)) seen.insert(node.on_hangup);
    }
    for (const auto& [id, node] : document.nodes) {
        if (!seen.contains(id)) {
            findings.warning(id,
                             "unreachable",
                             "Ningún camino llega aquí: una alguna salida a este nodo, o bórrelo.",
                             "No way leads here: join a way out to this node, or delete it.");
        } else if (!reaches_end(document, reached(ways, id))) {
            findings.error(
                id,
                "never_ends",
                "Desde aquí la llamada no termina nunca: haga que algún camino llegue a un "
                "nodo «end» o a una cola.",
                "From here the call never ends: let some way reach an \"end\" node or a "
                "queue.");
        }
    }
}

/// A loop in which no node asks the caller anything would turn until the run's own limit.
void check_loops(const Document& document, const Ways& ways, Findings& findings) {
    Ways silent;
    for (const auto& [id, targets] : ways) {
        if (counts_laps(*document.find_node(id))) continue;
        for (const auto& target : targets) {
            if (!counts_laps(*document.find_node(target))) silent[id].insert(target);
        }
    }
    for (const auto& [id, node] : document.nodes) {
        const auto next = silent.find(id);
        if (next == silent.end()) continue;
        const bool is_loop = std::any_of(
            next->second.begin(), next->second.end(), [&, &own = id](const NodeId& target) {
                return reached(silent, target).contains(own);
            });
        if (!is_loop) continue;
        findings.error(
            id,
            "uncounted_loop",
            "Este nodo vuelve a sí mismo sin preguntar nada: ponga en la vuelta un menú, "
            "que cuenta los intentos, o quite una de las salidas.",
            "This node comes back to itself without asking anything: put a menu, which "
            "counts attempts, into the loop, or take one of the ways out away.");
    }
}

}  // namespace

void check_ways(const Document& document, Findings& findings) {
    check_targets(document, findings);
    check_edges(document, findings);
    const auto ways = ways_of(document);
    check_people(document, ways, findings);
    check_reach(document, ways, findings);
    check_loops(document, ways, findings);
}

}  // namespace escucha::flow::detail
