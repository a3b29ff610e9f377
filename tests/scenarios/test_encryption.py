"""Who may call with keys of sound, and who must: SIP only; the sound itself is baresip's in tests/interop."""

import unittest

from harness.case import Case
from harness.sip_message import sdp

KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"
OTHERS_KEY = "a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz"


class WithKeys(Case):
    def call(self, profile="RTP/AVP", key=""):
        """The final answer to a call that offers this."""
        caller = self.caller()
        body = sdp(caller.host, 40000, extra=key + "\r\n" if key else "").replace("RTP/AVP", profile)
        call = caller.call("100", body=body)
        return call, call.wait_final()


class WhenOffered(WithKeys):
    def test_who_insists_and_who_merely_offers_get_a_key_of_ours(self):
        for profile in ("RTP/SAVP", "RTP/AVP"):
            with self.subTest(profile):
                call, answer = self.call(profile, KEY)
                self.assertEqual(answer.status, 200)
                self.assertRegex(answer.body, rf"m=audio \d+ {profile} 0 101\r\n")
                self.assertRegex(answer.body, r"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[A-Za-z0-9+/]{40}\r\n")
                self.assertNotIn(KEY, answer.body)
                call.hang_up()

    def test_who_offers_none_gets_none(self):
        call, answer = self.call()
        self.assertEqual(answer.status, 200)
        self.assertNotIn("crypto", answer.body)
        call.hang_up()

    def test_a_cipher_we_do_not_have_is_refused_and_told(self):
        _, answer = self.call("RTP/SAVP", OTHERS_KEY)
        self.assertEqual(answer.status, 488)
        self.assertIn("no a=crypto with a cipher both sides have", answer.get("Warning"))

    def test_a_phone_whose_signalling_can_be_read_is_offered_none(self):
        _, phone = self.ready_agent("ana")
        self.to_queue()
        self.assertNotIn("crypto", phone.wait_incoming(20).invite.body)


class Required(WithKeys):
    settings = '[media]\nencryption = "required"\n'

    def test_a_call_without_is_refused_and_told_why(self):
        _, answer = self.call()
        self.assertEqual(answer.status, 488)
        self.assertIn("encrypted sound (RTP/SAVP with a=crypto) is required", answer.get("Warning"))
        self.assertEqual(self.server.metrics()["escucha_encryption_refusals_total"], 1)

    def test_a_call_with_a_key_is_answered_with_one(self):
        call, answer = self.call("RTP/SAVP", KEY)
        self.assertEqual(answer.status, 200)
        self.assertIn("RTP/SAVP", answer.body)
        call.hang_up()


if __name__ == "__main__":
    unittest.main()
