"""Every page of a centre that has had a day: in English, in the dark, on a small laptop."""

from browser.case import Pages
from harness.demo import KNOWN_NUMBER

PAGES = ("/desk", "/cases", "/customers", "/recordings", "/flows", "/preferences", "/account")


class Looks(Pages):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact = None

    def one_call(self):
        """The events of one served call of a customer, made once for the class."""
        if Looks.contact is None:
            call, _, page, _ = self.connected(caller=self.caller(KNOWN_NUMBER))
            call.hang_up()
            self.finish(page, outcome="follow_up", next_step="Llamar", owner=page.session["user"]["id"], due="2099-12-31")
            Looks.contact = self.watch().wait_type("contact_ended", contact_id=call.contact_id)
        return Looks.contact

    def test_english_leaves_no_spanish_on_any_page(self):
        ended = self.one_call()
        screen = self.signed_in("sofia", language="en")
        flow = self.api_of().get("/api/v1/flows")["items"][0]["id"]
        for path in (*PAGES[1:], "/floor", f"/cases/{ended['case_id']}", f"/customers/{ended['customer_id']}", f"/flows/{flow}"):
            with self.subTest(path):
                screen.open(self.address(path))
                self.assertEqual(screen.do("language"), "en")
                self.assert_clean(screen)

    def test_english_at_the_desk_through_a_call(self):
        screen, call, _ = self.talk(language="en")
        self.assert_clean(screen)
        screen.press("F8")
        screen.wait("hold-timer")
        self.assert_clean(screen)
        screen.press("F10")
        screen.wait("transfer-to-queue")
        self.assert_clean(screen)
        screen.press("Escape")
        screen.gone("transfer-to-queue")
        call.hang_up()
        screen.wait("wrap-up-countdown")
        screen.choose("wrap-up-outcome", "follow_up")
        screen.click("wrap-up-finish")
        self.assert_clean(screen)

    def test_the_language_changes_where_one_stands(self):
        screen = self.signed_in("ana")
        screen.open(self.address("/preferences"))
        screen.click("choose-english")
        screen.do("waitText", text="My preferences")
        self.assert_clean(screen)

    def test_dark_is_dark_and_legible_on_a_small_laptop(self):
        ended = self.one_call()
        screen = self.signed_in("sofia", theme="dark", width=1366, height=768)
        for path in (*PAGES, f"/cases/{ended['case_id']}", f"/customers/{ended['customer_id']}"):
            with self.subTest(path):
                screen.open(self.address(path))
                red, green, blue = (int(part) for part in screen.do("background")[4:-1].split(","))
                self.assertLess(max(red, green, blue), 64)
                self.assert_clean(screen)
