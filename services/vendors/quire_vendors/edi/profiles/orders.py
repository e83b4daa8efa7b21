"""The sections of a profile about what is sent: parties, copies, descriptions, and the order itself."""

from typing import Literal

from pydantic import Field

from .section import Code, Codes, Section

IdSource = Literal["account", "branch", "account_user", "vendor", "vendor_account", "selector"]


class PartyOut(Section):
    """One NAD of an order."""

    role: str = Field(description="Meaning of the party: buyer, supplier, delivery, invoicee, ordered_by.")
    id_from: IdSource = Field(default="account", description="Whose identifier is written.")
    agency: str = Field(default="31B", description="NAD 3055; empty: the id is written without a code list.")
    name: bool = Field(default=False, description="Write name and address.")
    reference: Literal["none", "account", "vendor_number"] = Field(default="none", description="RFF below the party.")
    contact: bool = Field(default=False, description="Write CTA and COM of the party's contact.")
    vendor_code: Literal["none", "append", "only"] = Field(
        default="none", description="Add the vendor's code for the library to the id after a blank, or write only it."
    )


class CopyOut(Section):
    """Copies in an order (GIR)."""

    send: bool = Field(default=True, description="Write GIR at all.")
    fields: list[str] = Field(
        default=["branch", "fund", "sequence", "item_type", "class_mark"],
        description="Meanings to write, in this order.",
    )
    empty: list[str] = Field(default=[], description="Meanings that are written even when empty.")
    pairs_per_segment: int = Field(
        default=5, ge=1, le=5, description="Pairs in one GIR; more go to another GIR of the same copy."
    )
    quantity: bool = Field(default=False, description="Write one GIR for equal copies with their number (LQT).")
    values: dict[str, dict[str, str]] = Field(
        default={}, description="Replacement of values per meaning: {item_type: {BOOK: BK}}."
    )


class DescriptionOut(Section):
    """Descriptions in an order (IMD)."""

    type: Literal["L", "F"] = Field(default="L", description="IMD 7077.")
    codes: Codes = Field(
        default={"title": "050", "author": "009", "publisher": "109", "year": "170"},
        description="Field → IMD 7081, in the order of writing.",
    )
    pieces: int = Field(default=2, ge=1, le=2, description="Pieces in one segment.")
    most: int = Field(default=99, ge=1, le=99, description="Most IMD segments of a line.")
    empty: bool = Field(default=False, description="Write IMD also for an empty value.")


IdentifierName = Literal[
    "isbn13", "isbn10", "ean", "issn", "ismn", "upc", "supplier", "manufacturer", "item_field", "line_id"
]


class OrderRules(Section):
    """Orders, changes and claims that are sent."""

    codes: Codes = Field(default={"order": "220", "rush_order": "224"}, description="Kind of order → BGM 1001.")
    list_agency: str = Field(default="", description="BGM 3055 beside the code (28 EDItEUR).")
    number_from: Literal["order", "order_name"] = Field(
        default="order", description="What BGM carries: the order's number, or its name."
    )
    number_length: int = Field(
        default=17, ge=6, le=35, description="Longest document number; a longer one is reported."
    )
    parties: list[PartyOut] = Field(default=[], description="The NAD segments of the header, in order.")
    line_parties: list[PartyOut] = Field(default=[], description="The NAD segments of each line.")
    line_identifier: list[IdentifierName] = Field(
        default=["isbn13", "ean", "issn", "upc"],
        description="Which identifier LIN carries: the first that the title has. Empty: LIN carries none.",
    )
    line_identifier_pick: Literal["first", "valid"] = Field(
        default="valid",
        description="`valid`: the first with a right check digit; `first`: the first as it is, right or not.",
    )
    isbn13_qualifier: Code = Field(default="EN", description="7143 for ISBN-13 in LIN and PIA.")
    item_field_qualifier: str = Field(default="SA", description="7143 of an identifier taken from an item field.")
    additional: list[IdentifierName] = Field(
        default=["isbn13", "isbn10", "issn", "ismn", "upc", "supplier"], description="Identifiers that PIA carries."
    )
    additional_limit: int = Field(default=25, ge=0, le=25, description="Most PIA segments of a line.")
    repeat_line_identifier: bool = Field(default=False, description="PIA also repeats LIN's identifier.")
    pia_function: Literal["1", "5"] = Field(default="5", description="PIA 4347.")
    descriptions: DescriptionOut = DescriptionOut()
    price: Codes = Field(
        default={"gross": "AAB"}, description="Which prices are written: meaning → PRI 5125, in order."
    )
    price_type: str = Field(default="", description="PRI 5375, e.g. CA catalogue.")
    price_kind: str = Field(default="", description="PRI 5387, e.g. SRP.")
    price_missing: Literal["omit", "zero"] = Field(
        default="omit", description="What is written for a title without a price."
    )
    currency_qualifier: str = Field(default="9", description="CUX 6343; empty: no CUX.")
    quantity_code: Code = Field(default="21", description="QTY 6063.")
    copies: CopyOut = CopyOut()
    references: list[str] = Field(
        default=[
            "own_line",
            "quote_line",
            "fund",
            "supplier_line",
            "library_subscription",
            "supplier_subscription",
            "contract",
        ],
        description="RFF of a line, in order.",
    )
    header_references: list[str] = Field(default=[], description="RFF of the header, in order.")
    own_line: Literal["id", "order/line", "order-line", "sequence"] = Field(
        default="order/line", description="Shape of the own line reference RFF+LI."
    )
    line_number: Literal["sequence", "id"] = Field(
        default="sequence", description="LIN 1082: 1, 2, 3 … or the line's own number."
    )
    line_action: str = Field(default="", description="LIN 1229 of a new order line.")
    notes: Literal["omit", "line", "header", "both"] = Field(default="both", description="FTX that are written.")
    note_subject: Code = Field(default="LIN", description="FTX 4451 of a line's note.")
    note_empty: bool = Field(default=False, description="Write FTX also without text.")
    locations: bool = Field(default=False, description="Write LOC of a line.")
    dates: list[str] = Field(
        default=["document", "delivery_requested", "cancel_after"], description="DTM that are written."
    )
    counts: list[Literal["1", "2"]] = Field(default=["2"], description="CNT in the summary.")
    messages_per_interchange: int = Field(default=500, ge=1, le=5000, description="Most messages of one interchange.")
