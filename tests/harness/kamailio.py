"""Debian's Kamailio as the proxy between the network and the server: it records its route and relays."""

import os
import shutil
import socket
import subprocess
import tempfile

from harness.ports import free_port
from harness.processes import end
from harness.waiting import until

CONFIG = """\
debug=1
log_stderror=yes
children=1
tcp_children=1
auto_aliases=no
listen=udp:127.0.0.1:{port}
listen=tcp:127.0.0.1:{port}
mpath="{modules}"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"

request_route {{
    if (!mf_process_maxfwd_header("10")) {{ sl_send_reply("483", "Too Many Hops"); exit; }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) t_relay(); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ t_relay(); exit; }}
        if (is_method("ACK") && t_check_trans()) {{ t_relay(); exit; }}
        sl_send_reply("404", "Not Here");
        exit;
    }}
    if (is_method("INVITE")) record_route();
    $du = "sip:{host}:{server_port};transport={transport}";
    t_relay();
}}
"""


class Kamailio:
    """Relays what comes to `address` to the server, over `transport`."""

    def __init__(self, server, transport="udp"):
        self._folder = tempfile.TemporaryDirectory(prefix="escucha-kamailio-")
        self.address = "127.0.0.1", free_port()
        config = os.path.join(self._folder.name, "kamailio.cfg")
        modules = next(p for p in ("/usr/lib/x86_64-linux-gnu/kamailio/modules", "/usr/lib/aarch64-linux-gnu/kamailio/modules") if os.path.isdir(p))
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG.format(port=self.address[1], modules=modules, host=server[0], server_port=server[1], transport=transport))
        self._log_path = os.path.join(self._folder.name, "log")
        with open(self._log_path, "wb") as log:
            # In the foreground, its log to standard error.
            self.process = subprocess.Popen(
                [shutil.which("kamailio", path="/usr/sbin:/usr/bin"), "-DD", "-E", "-f", config, "-Y", self._folder.name,
                 "-m", "32", "-M", "4", "-w", self._folder.name],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        until(self._is_up, 10, "kamailio to listen")

    def close(self):
        end(self.process)
        self._folder.cleanup()

    def log(self):
        with open(self._log_path, encoding="utf-8", errors="replace") as file:
            return "".join(file.readlines()[-20:])

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError("kamailio ended: " + self.log())
        try:
            socket.create_connection(self.address, timeout=1).close()
            return True
        except OSError:
            return False
