"""Writes orders_utf8.mrc and orders_marc8.mrc: three invented order records in the layout of an invented vendor.

Field 980 is the order: $b fund, $q copies, $p price, $c currency, $l location, $n note. The fields are put together by
hand (ISO 2709), so that the files do not depend on the library that reads them.
"""

from pathlib import Path

Field = tuple[str, bytes]


def subfields(indicators: str, *parts: tuple[str, bytes]) -> bytes:
    return indicators.encode() + b"".join(b"\x1f" + code.encode() + value for code, value in parts)


def record(fields: list[Field], utf8: bool) -> bytes:
    directory, data = b"", b""
    for tag, value in fields:
        body = value + b"\x1e"
        directory += tag.encode() + f"{len(body):04}{len(data):05}".encode()
        data += body
    base = 24 + len(directory) + 1
    length = base + len(data) + 1
    leader = f"{length:05}nam {'a' if utf8 else ' '}22{base:05} i 4500".encode()
    if len(leader) != 24:
        raise AssertionError(leader)
    return leader + directory + b"\x1e" + data + b"\x1d"


def order(*parts: tuple[str, str]) -> Field:
    return "980", subfields("  ", *((code, value.encode()) for code, value in parts))


def records(utf8: bool) -> list[bytes]:
    # MARC-8 writes the accent before its letter: E8 is the umlaut, E2 the acute (ANSEL)
    umlaut_u = "ü".encode() if utf8 else b"\xe8u"
    acute_e = "é".encode() if utf8 else b"\xe2e"
    print_008 = b"260101s2025    gw            000 0 ger d"
    online_008 = print_008[:23] + b"o" + print_008[24:]
    first: list[Field] = [
        ("001", b"v1001"),
        ("003", b"VNDR"),
        ("008", print_008),
        ("020", subfields("  ", ("a", b"0-306-40615-2 (pbk.)"))),
        ("100", subfields("1 ", ("a", b"M" + umlaut_u + b"ller, Example,"), ("e", b"author."))),
        ("245", subfields("10", ("a", b"Gr" + umlaut_u + b"ne B" + umlaut_u + b"cher :"), ("b", b"ein Versuch /"))),
        ("250", subfields("  ", ("a", b"2nd ed."))),
        ("264", subfields(" 4", ("c", b"\xc2\xa92024" if utf8 else b"\xc32024"))),
        ("264", subfields(" 1", ("a", b"Berlin :"), ("b", b"Beispiel Verlag,"), ("c", b"2025."))),
        ("300", subfields("  ", ("a", b"210 pages"))),
        order(("b", "HIST"), ("q", "2"), ("p", "45.00"), ("c", "EUR"), ("l", "MAIN"), ("n", "rush")),
        order(("b", "MUSIC"), ("q", "1"), ("p", "45.00"), ("c", "EUR"), ("l", "NORTH")),
    ]
    second: list[Field] = [
        ("001", b"v1002"),
        ("003", b"VNDR"),
        ("007", b"cr |||"),
        ("008", online_008),
        ("020", subfields("  ", ("a", b"9780306406158"))),
        ("245", subfields("00", ("a", b"Caf" + acute_e + b" studies."))),
        ("856", subfields("40", ("u", b"https://example.org/cafe"))),
        order(("b", "EBOOK"), ("p", "120.50"), ("c", "USD")),
    ]
    third: list[Field] = [
        ("001", b"v1003"),
        ("022", subfields("  ", ("a", b"0317-8471"))),
        ("024", subfields("2 ", ("a", b"979-0-2600-0043-8"))),
        ("024", subfields("3 ", ("a", b"4006381333931"))),
        ("245", subfields("00", ("a", b"Yearbook"))),
        order(("b", "HIST"), ("q", "many"), ("p", "12.345")),
        order(("q", "1"), ("p", "12.00")),
    ]
    return [record(fields, utf8) for fields in (first, second, third)]


def main() -> None:
    folder = Path(__file__).parent
    (folder / "orders_utf8.mrc").write_bytes(b"".join(records(utf8=True)))
    (folder / "orders_marc8.mrc").write_bytes(b"".join(records(utf8=False)))


if __name__ == "__main__":
    main()
