"""What the scenarios know of the demo company (demo/): its people, its keys."""

KEY_PERSON = "0"


def demo_password(login):
    return f"{login}-demo"


def phone_password(user):
    return f"{user}-phone-demo"
