"""The demo company with lines of a scenario's own."""

import json
import os
import shutil

from harness.server import ROOT


def flow(name, start, nodes, prompts, variables=None, queue="atencion"):
    """A document in Spanish that ends in `fin`, with `persona` as the way to a person."""
    whole = {
        **nodes,
        "persona": {"type": "queue", "queue": queue, "prompt": [], "closed": "fin", "full": "fin", "no_agents": "fin", "failed": "fin"},
        "fin": {"type": "end", "prompt": []},
    }
    return {
        "format": 1, "name": name, "languages": ["es"], "start": start, "human": "persona", "human_key": "0", "repeat_key": "*",
        "variables": variables or {}, "nodes": whole, "prompts": {key: {"es": text} for key, text in prompts.items()}, "terms": {},
        "canvas": {node: {"x": 0, "y": 0} for node in whole},
    }


def write(folder, flows, edit=None):
    """demo/ with one more line for each {dialled: document}; returns what `--demo-files` is given.
    `edit` may change the company's own document before it is written."""
    target = os.path.join(folder, "demo-files")
    shutil.copytree(os.path.join(ROOT, "demo"), target)
    path = os.path.join(target, "data", "company.json")
    with open(path, encoding="utf-8") as file:
        company = json.load(file)
    for dialled, document in flows.items():
        name = f"{dialled}-prueba"
        company["lines"].append({"dialled": dialled, "name": document["name"], "flow": name, "calendar": "atencion", "language": "es"})
        with open(os.path.join(target, "flows", name + ".json"), "w", encoding="utf-8") as file:
            json.dump(document, file, ensure_ascii=False)
    if edit:
        edit(company)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(company, file, ensure_ascii=False)
    return target
