"""A small appointments.json, to be damaged by tests."""

from pathlib import Path

EXAMPLE = """\
{
  "users": {
    "2045": {"name": "Priya Sharma", "user_id": "2045", "phone": ""},
    "1001": {"name": "Archit Ojha", "user_id": "1001"}
  },
  "appointments": [
    {
      "appointment_id": "f3g4h5i6",
      "user_id": "2045",
      "name": "Priya Sharma",
      "date": "2026-02-12",
      "time": "11:00 AM",
      "purpose": "Dental cleaning",
      "status": "booked",
      "created_at": "2026-02-07T10:00:00",
      "modified_at": null
    },
    {
      "appointment_id": "a1b2c3d4",
      "user_id": "1001",
      "name": "Archit Ojha",
      "date": "2026-02-10",
      "time": "10:00 AM",
      "purpose": "General checkup",
      "status": "cancelled",
      "created_at": "2026-02-07T10:00:00",
      "modified_at": "2026-02-08T09:30:01"
    }
  ]
}
"""
USER_1001 = '"1001": {"name": "Archit Ojha", "user_id": "1001"}'
SECOND = EXAMPLE[
    EXAMPLE.index('    {\n      "appointment_id": "a1b2c3d4"') : EXAMPLE.rindex("\n  ]")
]


def write_changed(path: Path, old: str, new: str, count: int = -1) -> None:
    """Write the example with something replaced that it must hold."""
    assert old in EXAMPLE
    path.write_text(EXAMPLE.replace(old, new, count), encoding="utf-8")
