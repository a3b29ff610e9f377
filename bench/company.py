"""A company to measure on: the demo's, with lines that do one thing each and many agents."""

import json
import os
import shutil

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LINE_ANSWER, LINE_MENU, LINE_QUEUE = "300", "301", "302"
TEN_SECONDS = (
    "Este texto dura unos diez segundos y sirve solamente para medir. "
    "Mientras suena, quien llama puede marcar el cinco, y entonces la llamada termina de inmediato. Gracias por esperar."
)


def _flow(name, start, nodes, prompts):
    nodes["persona"] = {"type": "queue", "queue": "medida", "prompt": [], "closed": "fin", "full": "fin", "no_agents": "fin", "failed": "fin"}
    nodes["fin"] = {"type": "end", "prompt": []}
    return {
        "format": 1, "name": name, "languages": ["es"], "start": start, "human": "persona", "human_key": "0", "repeat_key": "*",
        "variables": {}, "nodes": nodes, "prompts": {key: {"es": text} for key, text in prompts.items()}, "terms": {},
        "canvas": {node: {"x": 0, "y": 0} for node in nodes},
    }


FLOWS = {
    "medida-respuesta": _flow("Respuesta", "di", {"di": {"type": "say", "prompt": "di", "next": "fin"}}, {"di": TEN_SECONDS * 5}),
    "medida-menu": _flow(
        "Menú", "menu",
        {"menu": {"type": "menu", "prompt": "di", "options": {"5": "fin"}, "retries": 2, "no_input_prompt": [], "no_match_prompt": [], "no_input": "persona", "no_match": "persona"}},
        {"di": TEN_SECONDS * 2},
    ),
    "medida-cola": _flow("Cola", "persona", {}, {}),
}


def write(folder, agents, wrap_up_s=0):
    """demo/ with our lines, queue, flows and `agents` agents a0, a1, ...; returns its path."""
    target = os.path.join(folder, "demo-files")
    shutil.copytree(os.path.join(ROOT, "demo"), target)
    path = os.path.join(target, "data", "company.json")
    with open(path, encoding="utf-8") as file:
        company = json.load(file)
    company["queues"].append({"key": "medida", "name": "Medida", "ring_time_s": 20, "wrap_up_s": wrap_up_s})
    for dialled, flow in ((LINE_ANSWER, "medida-respuesta"), (LINE_MENU, "medida-menu"), (LINE_QUEUE, "medida-cola")):
        company["lines"].append({"dialled": dialled, "name": flow, "flow": flow, "calendar": "atencion", "language": "es"})
    for i in range(agents):
        company["users"].append({
            "login": f"a{i}", "name": f"Agente {i}", "role": "agent", "language": "es", "team": "centro", "queues": ["medida"],
            "phone": {"username": f"a{i}", "password": f"telefono-de-a{i}", "label": f"Mesa {i}"},
        })
    with open(path, "w", encoding="utf-8") as file:
        json.dump(company, file, ensure_ascii=False)
    for name, document in FLOWS.items():
        with open(os.path.join(target, "flows", name + ".json"), "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False)
    return target
