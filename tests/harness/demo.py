"""What the scenarios know of the demo company (demo/data, demo/flows): its people, its keys."""

LINE_SERVICE, LINE_GRANDPARENTS, LINE_PARTNER = "100", "200", "300"

# Flow 100, menu.
KEY_PERSON = "0"
KEY_BALANCE, KEY_ORDER, KEY_CLAIM, KEY_FIND_CASE, KEY_LANGUAGE = "1", "2", "3", "4", "9"

# A customer who is recognised by the number, and that customer's document as keyed.
KNOWN_NUMBER, KNOWN_NAME, KNOWN_DOCUMENT = "+34600100001", "Carmen Ortega Molina", "12345678"
UNKNOWN_NUMBER = "+34911222333"


def demo_password(_login):
    return "escucha-demo"


def phone_password(user):
    return f"telefono-de-{user}"
