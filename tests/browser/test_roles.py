"""Roles of the company's own: made on the people page, given to a person, changed and taken away."""

from browser.case import Pages
from harness.waiting import until

CHOSEN = "cuatro palabras al azar"


class RolePages(Pages):
    def people(self):
        screen = self.signed_in("admin")
        screen.open(self.address("/people"))
        screen.wait("role-administrator")
        return screen

    def make_role(self, screen, spanish, english, *permissions):
        screen.click("role-new")
        screen.fill("role-name-es", spanish)
        screen.fill("role-name-en", english)
        for permission in permissions:
            screen.click(f"role-may-{permission}")
        self.assert_clean(screen)
        screen.click("role-save")

    def test_a_role_is_made_and_given_and_shows_its_pages_only(self):
        screen = self.people()
        self.assert_clean(screen)
        self.make_role(screen, "Turno de tarde", "Evening shift", "watch_floor", "read_figures")
        screen.wait("role-turno_de_tarde")
        self.assertIn("Turno de tarde", screen.text("role-turno_de_tarde"))
        screen.click("person-new")
        screen.fill("person-name", "Tina Ríos")
        screen.fill("person-login", "tina")
        screen.choose("person-role", "turno_de_tarde")
        screen.click("person-create")
        screen.wait("told")
        password = screen.text("told").strip()
        screen.click("told-close")
        until(lambda: "Turno de tarde" in screen.text("person-tina"), 10, "the person to be listed with the role")
        self.assert_clean(screen)

        tina = self.screen()
        tina.open(self.address("/"))
        tina.fill("sign-in-login", "tina")
        tina.fill("sign-in-password", password)
        tina.click("sign-in-submit")
        tina.fill("password-present", password)
        tina.fill("password-chosen", CHOSEN)
        tina.click("password-save")
        tina.wait("nav-floor")
        self.assert_clean(tina)
        for place in ("desk", "cases", "customers", "recordings", "flows", "people", "audit"):
            self.assertFalse(tina.is_visible(f"nav-{place}"), place)

        # Nobody takes a role from under somebody who has it.
        screen.click("role-remove")
        screen.click("sure")
        screen.wait("sure-trouble")
