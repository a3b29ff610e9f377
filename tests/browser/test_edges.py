"""Pages by HTTPS: cookie, WebSocket and content policy as a browser takes them."""

from browser.case import Pages
from harness.case import OverHttps


class Https(Pages, OverHttps):
    def test_an_agent_takes_a_call_on_a_page_by_https(self):
        """The bar of the call comes by the WebSocket; what the content policy refused would be a complaint."""
        screen, call, ringing = self.talk("ana", anyCertificate=True)
        self.assert_clean(screen)
        call.hang_up()
        ringing.wait_ended()
