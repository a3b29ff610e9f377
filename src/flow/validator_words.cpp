#include <algorithm>
#include <set>

#include "base/overloaded.h"
#include "flow/detail/findings.h"
#include "flow/detail/wording.h"

namespace escucha::flow::detail {

namespace {

void add(Prompts& all, const Prompts& more) { all.insert(all.end(), more.begin(), more.end()); }

Prompts of_attempts(const Attempts& attempts) {
    Prompts all = attempts.no_input_prompt;
    add(all, attempts.no_match_prompt);
    return all;
}

Prompts of_entry(const Entry& entry) {
    Prompts all = entry.prompt;
    add(all, of_attempts(entry.attempts));
    return all;
}

std::string_view name_of(speech::Language language, speech::Language in) {
    const bool is_es = language == speech::Language::Es;
    if (in == speech::Language::Es) return is_es ? "español" : "inglés";
    return is_es ? "Spanish" : "English";
}

void check_placeholders(const Document& document,
                        const NodeId& node,
                        std::string_view key,
                        const std::string& text,
                        Findings& findings) {
    const auto pieces = parse_pieces(text);
    if (!pieces) {
        findings.error(
            node,
            "broken_placeholder",
            "En el texto " + quoted(key) + " falta una llave: escriba los datos así, {nombre}.",
            "A brace is missing in the text " + quoted(key) + ": write data like this, {name}.");
        return;
    }
    for (const auto& piece : *pieces) {
        if (!piece.placeholder) continue;
        const auto& placeholder = *piece.placeholder;
        const auto* variable = document.find_variable(placeholder.name);
        if (variable == nullptr) {
            findings.error(node,
                           "unknown_placeholder",
                           "El texto " + quoted(key) + " nombra {" + placeholder.name +
                               "}, que no existe: declare la variable o corrija el nombre.",
                           "The text " + quoted(key) + " names {" + placeholder.name +
                               "}, which does not exist: declare the variable or mend its name.");
        } else if (!placeholder.plural.empty() && variable->type != Type::Number) {
            findings.error(
                node,
                "wrong_type",
                "El texto " + quoted(key) + " cuenta {" + placeholder.name +
                    "}, que no es un número: quite la palabra contada o cambie el tipo.",
                "The text " + quoted(key) + " counts {" + placeholder.name +
                    "}, which is not a number: drop the counted word or change the type.");
        } else if (variable->sensitivity == Sensitivity::Secret) {
            findings.error(node,
                           "secret_spoken",
                           "El texto " + quoted(key) + " diría en voz alta {" + placeholder.name +
                               "}, que es secreto: quítelo del texto.",
                           "The text " + quoted(key) + " would say {" + placeholder.name +
                               "} aloud, which is secret: take it out of the text.");
        }
    }
}

void check_prompt(const Document& document,
                  const NodeId& node,
                  const std::string& key,
                  std::set<std::string>& seen,
                  Findings& findings) {
    const auto* prompt = document.find_prompt(key);
    if (prompt == nullptr) {
        findings.error(node,
                       "unknown_prompt",
                       "El texto " + quoted(key) + " no existe: escríbalo en «prompts».",
                       "The text " + quoted(key) + " does not exist: write it under \"prompts\".");
        return;
    }
    if (!seen.insert(key).second) return;
    for (const auto language : document.languages) {
        const auto text = prompt->text.find(language);
        if (text != prompt->text.end()) {
            check_placeholders(document, node, key, text->second, findings);
            continue;
        }
        findings.error(
            node,
            "missing_prompt",
            "El texto " + quoted(key) + " no está en " +
                std::string{name_of(language, speech::Language::Es)} + ": añada su traducción.",
            "The text " + quoted(key) + " is missing in " +
                std::string{name_of(language, speech::Language::En)} + ": add its translation.");
    }
}

/// What a node reads or writes.
struct Use {
    std::string variable;
    bool is_written = false;
};

void add_template(std::vector<Use>& uses, const Template& value) {
    if (value.size() < 3 || value.front() != '{' || value.back() != '}') return;
    uses.push_back({.variable = value.substr(1, value.size() - 2)});
}

std::vector<Use> uses_of(const Node& node) {
    std::vector<Use> uses;
    const auto assign = [&](const std::vector<Assignment>& values) {
        for (const auto& [name, value] : values) {
            uses.push_back({.variable = name, .is_written = true});
            add_template(uses, value);
        }
    };
    if (const auto* menu = std::get_if<MenuNode>(&node.what)) {
        for (const auto& option : menu->options) assign(option.set);
    } else if (const auto* collect = std::get_if<CollectNode>(&node.what)) {
        uses.push_back({.variable = collect->variable, .is_written = true});
    } else if (const auto* identify = std::get_if<IdentifyNode>(&node.what)) {
        if (identify->document) {
            uses.push_back({.variable = identify->document->variable, .is_written = true});
        }
    } else if (const auto* look = std::get_if<LookUpNode>(&node.what)) {
        for (const auto& [name, value] : look->params) add_template(uses, value);
        for (const auto& [field, name] : look->results) {
            uses.push_back({.variable = name, .is_written = true});
        }
    } else if (const auto* branch = std::get_if<BranchNode>(&node.what)) {
        for (const auto& one : branch->cases) {
            uses.push_back({.variable = one.variable});
            for (const auto& value : one.values) add_template(uses, value);
        }
    } else if (const auto* open = std::get_if<OpenCaseNode>(&node.what)) {
        add_template(uses, open->topic);
        for (const auto& name : open->include) uses.push_back({.variable = name});
    } else if (const auto* find = std::get_if<FindCaseNode>(&node.what)) {
        uses.push_back({.variable = find->variable, .is_written = true});
    } else if (const auto* set = std::get_if<SetNode>(&node.what)) {
        assign(set->values);
    }
    return uses;
}

void check_variables(const Document& document,
                     const NodeId& id,
                     const Node& node,
                     Findings& findings) {
    for (const auto& use : uses_of(node)) {
        const auto* variable = document.find_variable(use.variable);
        const bool is_built_in = use.variable.find('.') != std::string::npos;
        if (variable == nullptr) {
            findings.error(id,
                           "unknown_variable",
                           "La variable " + quoted(use.variable) +
                               " no está declarada: añádala a «variables» con su tipo.",
                           "The variable " + quoted(use.variable) +
                               " is not declared: add it to \"variables\" with its type.");
        } else if (use.is_written && is_built_in) {
            findings.error(
                id,
                "built_in_written",
                quoted(use.variable) +
                    " la pone el sistema y no se puede cambiar: use otra variable.",
                quoted(use.variable) +
                    " is set by the system and cannot be changed: use another variable.");
        }
    }
}

void wrong_type(const NodeId& id,
                std::string_view variable,
                std::string_view es,
                std::string_view en,
                Findings& findings) {
    findings.error(id,
                   "wrong_type",
                   quoted(variable) + " " + std::string{es},
                   quoted(variable) + " " + std::string{en});
}

void check_value(const Document& document,
                 const NodeId& id,
                 const std::string& name,
                 const Template& value,
                 Findings& findings) {
    const auto* variable = document.find_variable(name);
    if (variable == nullptr || value.starts_with('{')) return;
    if (parse_value(variable->type, value)) return;
    wrong_type(id,
               name,
               "no admite el valor " + quoted(value) + ": escríbalo en la forma de su tipo, " +
                   std::string{to_text(variable->type)} + ".",
               "does not take the value " + quoted(value) + ": write it in the form of its type, " +
                   std::string{to_text(variable->type)} + ".",
               findings);
}

void check_types(const Document& document, const NodeId& id, const Node& node, Findings& findings) {
    const auto is_text = [&](const std::string& name) {
        const auto* variable = document.find_variable(name);
        return variable != nullptr && variable->type == Type::Text;
    };
    if (const auto* collect = std::get_if<CollectNode>(&node.what); collect != nullptr) {
        if (is_text(collect->variable)) {
            wrong_type(id,
                       collect->variable,
                       "es texto y el teclado solo da cifras: cambie su tipo.",
                       "is text and the keypad gives digits only: change its type.",
                       findings);
        }
    } else if (const auto* branch = std::get_if<BranchNode>(&node.what)) {
        for (const auto& one : branch->cases) {
            for (const auto& value : one.values) {
                check_value(document, id, one.variable, value, findings);
            }
        }
    } else if (const auto* set = std::get_if<SetNode>(&node.what)) {
        for (const auto& [name, value] : set->values) {
            check_value(document, id, name, value, findings);
        }
    } else if (const auto* menu = std::get_if<MenuNode>(&node.what)) {
        for (const auto& option : menu->options) {
            for (const auto& [name, value] : option.set) {
                check_value(document, id, name, value, findings);
            }
        }
    }
}

void check_keys(const Document& document, const NodeId& id, const Node& node, Findings& findings) {
    const auto* menu = std::get_if<MenuNode>(&node.what);
    if (menu == nullptr) return;
    const char human = menu->human_key.value_or(document.human_key);
    for (const auto& option : menu->options) {
        const std::string key{option.key};
        if (option.key == human && option.next != document.human) {
            findings.error(
                id,
                "human_key_taken",
                "La tecla " + key +
                    " es la de hablar con una persona: use otra para esta opción, o dé al "
                    "menú otra «human_key».",
                "Key " + key +
                    " is the one for a person: use another for this option, or give the "
                    "menu another \"human_key\".");
        }
        if (option.key == document.repeat_key) {
            findings.warning(id,
                             "repeat_key_taken",
                             "La tecla " + key +
                                 " es la de repetir: quien la pulse no oirá el menú "
                                 "otra vez; use otra para esta opción.",
                             "Key " + key +
                                 " repeats the question: whoever presses it will not hear "
                                 "the menu again; use another for this option.");
        }
    }
}

void check_languages(const Document& document,
                     const NodeId& id,
                     const Node& node,
                     Findings& findings) {
    const auto* choice = std::get_if<LanguageNode>(&node.what);
    if (choice == nullptr) return;
    const auto& spoken = document.languages;
    if (std::find(spoken.begin(), spoken.end(), choice->to) != spoken.end()) return;
    findings.error(id,
                   "unknown_language",
                   "El flujo no habla " + std::string{name_of(choice->to, speech::Language::Es)} +
                       ": añádalo a «languages» y traduzca los textos.",
                   "The flow does not speak " +
                       std::string{name_of(choice->to, speech::Language::En)} +
                       ": add it to \"languages\" and translate the texts.");
}

/// A case whose reference is not said is a promise not kept.
void check_reference(const Document& document,
                     const NodeId& id,
                     const Node& node,
                     Findings& findings) {
    const auto* open = std::get_if<OpenCaseNode>(&node.what);
    if (open == nullptr) return;
    for (const auto language : document.languages) {
        bool is_said = false;
        for (const auto& key : open->prompt) {
            const auto* prompt = document.find_prompt(key);
            if (prompt == nullptr) continue;
            const auto text = prompt->text.find(language);
            is_said = is_said || (text != prompt->text.end() &&
                                  text->second.find("{case.reference}") != std::string::npos);
        }
        if (is_said) continue;
        findings.error(id,
                       "reference_not_spoken",
                       "El caso se abre sin decir su referencia en " +
                           std::string{name_of(language, speech::Language::Es)} +
                           ": ponga {case.reference} en el texto de «prompt».",
                       "The case is opened without saying its reference in " +
                           std::string{name_of(language, speech::Language::En)} +
                           ": put {case.reference} into the text of \"prompt\".");
    }
}

}  // namespace

Prompts prompts_of(const Node& node) {
    Prompts all;
    std::visit(overloaded{
                   [&](const SayNode& n) { all = n.prompt; },
                   [&](const MenuNode& n) {
                       all = n.prompt;
                       add(all, of_attempts(n.attempts));
                   },
                   [&](const CollectNode& n) {
                       all = of_entry(n.entry);
                       add(all, n.confirm);
                   },
                   [&](const IdentifyNode& n) {
                       if (n.document) all = of_entry(n.document->entry);
                       add(all, n.filler);
                   },
                   [&](const LookUpNode& n) { all = n.filler; },
                   [&](const BranchNode&) {},
                   [&](const HoursNode&) {},
                   [&](const OpenCaseNode& n) {
                       all = {n.subject};
                       add(all, n.prompt);
                       add(all, n.repeat);
                   },
                   [&](const FindCaseNode& n) { all = of_entry(n.entry); },
                   [&](const TellStatusNode& n) {
                       for (const auto& [status, prompts] : n.by_status) add(all, prompts);
                       add(all, n.otherwise);
                   },
                   [&](const QueueNode& n) { all = n.prompt; },
                   [&](const VoicemailNode& n) { all = n.prompt; },
                   [&](const SetNode&) {},
                   [&](const LanguageNode&) {},
                   [&](const EndNode& n) { all = n.prompt; },
               },
               node.what);
    return all;
}

void check_words(const Document& document, Findings& findings) {
    std::set<std::string> seen;
    for (const auto& [id, node] : document.nodes) {
        for (const auto& key : prompts_of(node)) {
            check_prompt(document, id, key, seen, findings);
        }
        check_variables(document, id, node, findings);
        check_types(document, id, node, findings);
        check_keys(document, id, node, findings);
        check_languages(document, id, node, findings);
        check_reference(document, id, node, findings);
    }
    for (const auto& [key, prompt] : document.prompts) {
        if (seen.contains(key)) continue;
        findings.warning("",
                         "unused_prompt",
                         "Ningún nodo dice el texto " + quoted(key) + ": úselo o bórrelo.",
                         "No node says the text " + quoted(key) + ": use it or delete it.");
    }
}

}  // namespace escucha::flow::detail

namespace escucha::flow {

std::vector<Problem> missing_recordings(
    const Document& document,
    const std::function<bool(speech::Language, const std::string& file)>& is_there) {
    using detail::quoted;
    detail::Findings findings;
    for (const auto& recording : all_recordings(document)) {
        if (is_there(recording.language, recording.file)) continue;
        findings.warning(
            "",
            "missing_recording",
            "El texto " + quoted(recording.prompt) + " nombra la locución " +
                quoted(recording.file) + ", que no existe en " +
                std::string{detail::name_of(recording.language, speech::Language::Es)} +
                ": súbala en Locuciones; mientras tanto lo dice la voz del sistema.",
            "The text " + quoted(recording.prompt) + " names the recording " +
                quoted(recording.file) + ", which does not exist in " +
                std::string{detail::name_of(recording.language, speech::Language::En)} +
                ": upload it under Prompts; until then the system's voice says it.");
    }
    return findings.take();
}

}  // namespace escucha::flow
