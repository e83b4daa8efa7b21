"""The codes of the syntax layer."""

from quire_vendors.edi.flags import Entry, register

_KEEP = "The file was read as meant; nothing needs to be done. Tell the vendor when it happens often."
_RESEND = "Ask the vendor to send the file again."

FILE = {
    "EMPTY_FILE": Entry("error", "The file is empty.", _RESEND),
    "NOT_EDI": Entry(
        "error",
        "This is no EDI file: {what}.",
        "Look at the file. An EDIFACT file begins with UNA or UNB, an X12 file with ISA.",
    ),
    "FILE_TOO_BIG": Entry(
        "error",
        "The file is larger than {limit} bytes; what comes after that was not read.",
        "Ask the vendor to send smaller files, or split the file between two interchanges.",
    ),
    "FILE_UNREADABLE": Entry(
        "error", "The file could not be read: {reason}.", "Check that the file exists and may be read."
    ),
    "LEADING_TEXT": Entry(
        "info", "{size} bytes stand before the first interchange and were left out: “{text}”.", _KEEP
    ),
    "STRAY_TEXT": Entry(
        "warning",
        "Text that belongs to no segment was left out: “{text}”.",
        "Check that nothing is missing from the message before it.",
    ),
    "STRAY_SEGMENT": Entry(
        "warning",
        "Segment {tag} stands outside of any message and was left out.",
        "Check that nothing is missing; the header of a message may be damaged.",
    ),
    "TOO_MANY_MESSAGES": Entry(
        "error", "The file has more than {most} messages; the others were not read.", "Split the file."
    ),
    "TOO_MANY_INTERCHANGES": Entry(
        "error", "The file has more than {most} interchanges; the others were not read.", "Split the file."
    ),
}

DELIMITERS = {
    "UNA_SHORT": Entry("info", "UNA is one character short: “{una}”.", _KEEP),
    "UNA_DISAGREES": Entry(
        "warning",
        "UNA declares the characters “{una}”, but the file uses “{used}”. These were used.",
        "Compare one message with the paper or PDF document.",
    ),
    "DELIMITERS_GUESSED": Entry(
        "warning",
        "UNA is missing and the file does not use the standard characters. “{used}” were used.",
        "Compare one message with the paper or PDF document.",
    ),
    "LINES_WRAPPED": Entry("info", "The text is wrapped at a fixed width; the line breaks were left out.", _KEEP),
    "ISA_WIDTH": Entry("info", "ISA has {size} characters and not 106.", _KEEP),
}

SEGMENTS = {
    "REPAIRED_APOSTROPHE": Entry(
        "warning",
        "A “{mark}” inside of a text was not marked as text (released). It was read as: “{text}”.",
        "Compare the text with the document. Ask the vendor to put “?” before it.",
    ),
    "RELEASE_BEFORE_SEGMENT": Entry(
        "warning",
        "A “?” makes the end of a segment part of its text, yet {tag} seems to begin behind it.",
        "Check whether a line is missing here; a “?” at the end of a text must be written “??”.",
    ),
    "TYPOGRAPHIC_TERMINATOR": Entry(
        "error",
        "A typographic apostrophe (’) seems to end a segment before {tag}; it was read as text.",
        "Ask the vendor to send the file again with plain apostrophes, or correct the file.",
    ),
    "LINE_BREAK_IN_SEGMENT": Entry("info", "A line break stands inside of the segment; it was kept as text.", _KEEP),
    "CONTROL_CHARACTER": Entry(
        "warning", "The segment holds a control character (byte {byte}).", "Compare the text with the document."
    ),
    "SEGMENT_TOO_LONG": Entry(
        "error",
        "The segment has {size} bytes or more; only the first {limit} were read.",
        "Look at the file; a segment terminator is probably missing.",
    ),
    "TOO_MANY_ELEMENTS": Entry(
        "error", "The segment has {count} elements or components; only the first {most} were read.", _RESEND
    ),
}

CHARACTERS = {
    "CHARSET_UNKNOWN": Entry(
        "info", "The interchange declares the character set {charset}, which is not known.", _KEEP
    ),
    "CHARSET_MISDECLARED": Entry(
        "info", "The interchange declares {declared}, but this text is {used}: “{text}”.", _KEEP
    ),
    "MOJIBAKE_REPAIRED": Entry("info", "A text was encoded twice (“{written}”) and read as “{text}”.", _KEEP),
}

ENVELOPE = {
    "INTERCHANGE_HEADER_MISSING": Entry(
        "warning",
        "The interchange has no header ({tag}), so its sender is not known.",
        "Choose the vendor by hand.",
    ),
    "INTERCHANGE_REFERENCE_MISSING": Entry(
        "warning", "The interchange has no reference.", "A second copy can only be recognized by its content."
    ),
    "SENDER_MISSING": Entry("warning", "The interchange does not say who sent it.", "Choose the vendor by hand."),
    "TEST_INTERCHANGE": Entry(
        "warning",
        "The sender marked the interchange as a test.",
        "Nothing of it may be booked. Ask the vendor to switch to production when testing is over.",
    ),
    "MESSAGE_TYPE_MISSING": Entry("error", "The message does not say what it is.", _RESEND),
    "MESSAGE_REFERENCE_MISSING": Entry("info", "The message has no reference.", _KEEP),
    "MESSAGE_REFERENCE_REPEATED": Entry(
        "info", "The reference {reference} stands on more than one message of the interchange.", _KEEP
    ),
    "UNH_VERSION_SWAPPED": Entry("info", "Version and release are swapped: {written}.", _KEEP),
    "MESSAGE_TRUNCATED": Entry(
        "error",
        "The file ends inside of the message.",
        "Wait: the file may still be on its way. If it stays like this, ask the vendor to send it again.",
    ),
    "MESSAGE_TOO_LONG": Entry(
        "error",
        "The message is too long ({what}); only its first segments were read.",
        "Ask the vendor to split the message.",
    ),
    "INTERCHANGE_NOT_CLOSED": Entry(
        "warning",
        "The interchange has no trailer ({tag}); its last messages may be missing.",
        "Check that the file is whole. Its messages that have a trailer were read.",
    ),
    "LAST_TERMINATOR_MISSING": Entry("info", "The last segment of the file has no terminator.", _KEEP),
}

WRITING = {
    "TEXT_CHANGED": Entry(
        "warning",
        "“{text}” is written as “{written}”, because the vendor takes {charset}.",
        "Check that it can still be understood. Nothing has been sent yet.",
    ),
    "CHARACTER_LOST": Entry(
        "error",
        "“{text}” is written as “{written}”: {charset} has nothing for “{lost}”.",
        "Write the text in Latin letters before it is sent, or ask the vendor for UNOW (UTF-8).",
    ),
}

_COUNTED = {
    "UNT": "segments of the message",
    "UNE": "messages of the group",
    "UNZ": "messages or groups of the interchange",
    "SE": "segments of the transaction set",
    "GE": "transaction sets of the group",
    "IEA": "groups of the interchange",
}

TRAILERS = {
    **{
        f"{tag}_COUNT": Entry(
            "warning",
            f"{tag} states “{{stated}}” {what}; {{counted}} were read.",
            "Many vendors count wrongly. Compare the number of lines with the document if the total differs too.",
        )
        for tag, what in _COUNTED.items()
    },
    **{
        f"{tag}_REF": Entry("warning", f"{tag} has the reference “{{stated}}”, its header has “{{expected}}”.", _KEEP)
        for tag in _COUNTED
    },
    **{
        f"{tag}_MISSING": Entry(
            "warning",
            f"{tag} is missing at the end of the message or group.",
            "Check that nothing is missing from the end of it.",
        )
        for tag in ("UNT", "SE", "UNE", "GE")
    },
    **{f"{tag}_STRAY": Entry("warning", f"{tag} ends something that was not open.", _KEEP) for tag in _COUNTED},
}

for _part in (FILE, DELIMITERS, SEGMENTS, CHARACTERS, ENVELOPE, WRITING, TRAILERS):
    register(_part)
