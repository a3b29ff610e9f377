"""The file of a finished recording, as a supervisor hears it."""

import io
import struct
import wave

from harness.waiting import until


def recording_of(api, contact_id):
    """The finished recording of a contact: (row, rate, left samples, right samples)."""

    def finished():
        rows = api.get(f"/api/v1/contacts/{contact_id}")["recordings"]
        done = [row for row in rows if row["is_complete"]]
        return done[0] if done else None

    row = until(finished, 15, "the recording to be finished")
    status, _, octets = api.raw("GET", f"/api/v1/recordings/{row['id']}/audio", headers={"Cookie": api.cookie})
    assert status == 200, status
    with wave.open(io.BytesIO(octets)) as file:
        assert file.getnchannels() == 2, "a recording has two channels"
        assert file.getsampwidth() == 2, file.getsampwidth()
        samples = struct.unpack(f"<{file.getnframes() * 2}h", file.readframes(file.getnframes()))
        return row, file.getframerate(), samples[0::2], samples[1::2]


class Journeys:
    """Of a Case: what its calls left recorded."""

    def journey(self, contact_id, segments):
        """Once that many recordings of the contact are over."""
        api = self.server.api("sofia")

        def whole():
            journey = api.get(f"/api/v1/contacts/{contact_id}/journey")
            over = [segment for segment in journey["segments"] if segment["is_over"]]
            return journey if len(over) == segments else None

        return until(whole, 15, f"{segments} recordings to be over")

    def sound(self, contact_id):
        """(samples a second, left, right) of the whole journey."""
        api = self.server.api("sofia")
        status, _, octets = api.raw("GET", f"/api/v1/contacts/{contact_id}/journey/audio", headers={"Cookie": api.cookie})
        self.assertEqual(status, 200)
        with wave.open(io.BytesIO(octets)) as file:
            self.assertEqual((file.getnchannels(), file.getsampwidth()), (2, 2))
            frames = memoryview(file.readframes(file.getnframes())).cast("h")
            return file.getframerate(), frames[0::2], frames[1::2]
