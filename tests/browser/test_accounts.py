"""My account and the people page: a second factor set up and used, a password handed over, sessions, keys."""

import base64
import hashlib
import hmac
import struct
import time

from browser.case import Pages
from harness.demo import demo_password
from harness.waiting import until

CHOSEN = "tejado marino 77"


def totp(secret, step):
    """RFC 6238, computed by the test's own means."""
    key = base64.b32decode(secret)
    mac = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    at = mac[-1] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"


def step_now():
    return int(time.time()) // 30


class AccountPages(Pages):
    def account(self, login, **options):
        screen = self.signed_in(login, **options)
        screen.open(self.address("/account"))
        screen.wait("own-sessions")
        return screen

    def enter(self, screen, login, password):
        screen.open(self.address("/"))
        screen.fill("sign-in-login", login)
        screen.fill("sign-in-password", password)
        screen.click("sign-in-submit")

    def leave(self, screen):
        screen.click("person-menu")
        screen.click("sign-out")
        screen.wait("sign-in-login")

    def test_a_second_factor_is_set_up_and_asked_for_at_the_door(self):
        screen = self.account("marta")
        self.assert_clean(screen)
        screen.click("factor-begin")
        screen.fill("prove-password", demo_password("marta"))
        screen.click("prove-continue")
        screen.wait("factor-qr")
        self.assert_clean(screen)
        secret = screen.text("factor-secret")
        self.assertEqual(len(secret), 32)
        screen.fill("factor-code", totp(secret, step_now()))
        screen.click("factor-confirm")
        screen.wait("factor-codes")
        codes = screen.text("factor-codes").split()
        self.assertEqual(len(codes), 10)
        self.assert_clean(screen)
        screen.click("factor-done")
        screen.wait("factor-on")
        self.leave(screen)

        self.enter(screen, "marta", demo_password("marta"))
        screen.wait("sign-in-code")
        self.assertEqual(screen.do("axe"), [])
        screen.fill("sign-in-code", codes[0])
        screen.click("sign-in-submit")
        screen.wait("person-menu")
        self.leave(screen)

        # The step that confirmed is used; the one after it is near enough.
        self.enter(screen, "marta", demo_password("marta"))
        screen.wait("sign-in-code")
        screen.fill("sign-in-code", totp(secret, step_now() + 1))
        screen.click("sign-in-submit")
        screen.wait("person-menu")
        screen.open(self.address("/account"))
        self.assertIn("9 códigos", screen.text("factor-on"))
        screen.click("factor-drop")
        screen.fill("prove-password", demo_password("marta"))
        screen.click("prove-continue")
        screen.wait("factor-begin")

    def test_a_password_that_was_handed_over_must_be_changed(self):
        boss = self.signed_in("admin")
        boss.open(self.address("/people"))
        boss.wait("keys")
        self.assert_clean(boss)
        boss.click("person-new")
        boss.fill("person-name", "Nuria Prieto")
        boss.fill("person-login", "nuria")
        boss.click("person-create")
        boss.wait("told")
        password = boss.text("told").strip()
        self.assert_clean(boss)
        boss.click("told-close")
        boss.wait("person-nuria")

        screen = self.screen()
        self.enter(screen, "nuria", password)
        screen.wait("first-password")
        self.assert_clean(screen)
        screen.fill("password-present", password)
        screen.fill("password-chosen", "Nuria Prieto 26")
        screen.click("password-save")
        screen.wait("password-trouble")
        screen.fill("password-chosen", CHOSEN)
        screen.click("password-save")
        screen.wait("person-menu")

        boss.click("open-nuria")
        boss.wait("person-detail")
        self.assert_clean(boss)
        boss.click("person-deactivate")
        boss.click("sure")
        boss.wait("person-activate")
        # Its WebSocket was closed, so the page asks for a password again by itself.
        screen.wait("sign-in-login", 20)

    def test_sessions_elsewhere_are_seen_and_ended(self):
        elsewhere = self.signed_in("sofia")
        elsewhere.wait("person-menu")
        screen = self.account("sofia", language="en")
        self.assertEqual(screen.do("count", id="session"), 2)
        self.assert_clean(screen)
        screen.click("session-end")
        until(lambda: screen.do("count", id="session") == 1, 10, "the other session to be gone")
        elsewhere.wait("sign-in-login", 20)

    def test_a_key_is_made_used_and_revoked(self):
        boss = self.signed_in("admin")
        boss.open(self.address("/people"))
        boss.click("key-new")
        boss.fill("key-name", "Cuadro de mando")
        boss.click("key-may-read_figures")
        self.assert_clean(boss)
        boss.click("key-create")
        boss.wait("told")
        key = boss.text("told").strip()
        self.assertTrue(key.startswith("esc_"))
        boss.click("told-close")
        boss.wait("key")
        headers = {"Authorization": f"Bearer {key}"}
        self.server.api().get("/api/v1/figures/today", headers=headers)
        self.server.api().get("/api/v1/customers", headers=headers, expect=403)
        boss.click("key-revoke")
        self.assert_clean(boss)
        boss.click("sure")
        boss.gone("key")
        self.server.api().get("/api/v1/figures/today", headers=headers, expect=401)
