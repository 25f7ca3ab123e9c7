"""What must be true of every book, however it was used."""

from dataclasses import dataclass

from benchmarks.figures.spans import claim_faults, overlaps, patient_spans, practitioner_spans
from kavita.store.database import Database
from kavita.store.journal_check import check_journal


@dataclass(frozen=True)
class Verdict:
    """How many faults a book has, by kind; all zero in a sound book."""

    practitioner_overlaps: int
    patient_overlaps: int
    claim_faults: int
    """Claims that belong to no booked appointment or hold, and cells of these without a claim."""
    journal_faults: int
    journal_entries: int

    @property
    def is_sound(self) -> bool:
        """Tell whether there is no fault."""
        overlaps = self.practitioner_overlaps + self.patient_overlaps
        return not (overlaps or self.claim_faults or self.journal_faults)


def judge(database: Database) -> Verdict:
    """Look for every kind of fault in a book that nobody is using."""
    journal = check_journal(database)
    return Verdict(
        overlaps(practitioner_spans(database)),
        overlaps(patient_spans(database)),
        claim_faults(database),
        len(journal.problems),
        journal.entries,
    )
