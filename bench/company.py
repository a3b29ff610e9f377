"""A company to measure on: the demo's, with lines that do one thing each and many agents."""

from harness import company as demo

LINE_ANSWER, LINE_MENU, LINE_QUEUE, LINE_UNRECORDED = "300", "301", "302", "303"
TEN_SECONDS = (
    "Este texto dura unos diez segundos y sirve solamente para medir. "
    "Mientras suena, quien llama puede marcar el cinco, y entonces la llamada termina de inmediato. Gracias por esperar."
)
MENU = {
    "type": "menu", "prompt": "di", "options": {"5": "fin"}, "retries": 2, "no_input_prompt": [], "no_match_prompt": [],
    "no_input": "persona", "no_match": "persona",
}
FLOWS = {
    LINE_ANSWER: demo.flow("Respuesta", "di", {"di": {"type": "say", "prompt": "di", "next": "fin"}}, {"di": TEN_SECONDS * 5}, queue="medida"),
    LINE_MENU: demo.flow("Menú", "menu", {"menu": MENU}, {"di": TEN_SECONDS * 2}, queue="medida"),
    LINE_QUEUE: demo.flow("Cola", "persona", {}, {}, queue="medida"),
    LINE_UNRECORDED: demo.flow("Cola sin grabar", "persona", {}, {}, queue="medida"),
}


def write(folder, agents, wrap_up_s=0):
    """demo/ with our lines, queue, flows and `agents` agents a0, a1, ...; returns its path."""
    def staff(company):
        next(line for line in company["lines"] if line["dialled"] == LINE_UNRECORDED)["recorded"] = False
        company["queues"].append({"key": "medida", "name": "Medida", "ring_time_s": 20, "wrap_up_s": wrap_up_s})
        for i in range(agents):
            company["users"].append({
                "login": f"a{i}", "name": f"Agente {i}", "role": "agent", "language": "es", "team": "centro", "queues": ["medida"],
                "phone": {"username": f"a{i}", "password": f"telefono-de-a{i}", "label": f"Mesa {i}"},
            })

    return demo.write(folder, FLOWS, staff)
