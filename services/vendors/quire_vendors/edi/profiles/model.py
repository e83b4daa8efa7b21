"""The schema of a vendor profile: how one partner writes and wants EDIFACT, in both directions.

A profile is a YAML file. It inherits from another one (at the end from `editeur-d96a`), so it states only what is
different. Every key below is described in `docs/reference/edi_profiles.md`, which is made from this module.
"""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from .orders import OrderRules
from .section import Code, Codes, Section


class Identify(Section):
    """How a file is recognized as this partner's. A pattern may hold `*`; `id:qualifier` also asks for UNB 0007."""

    senders: list[str] = Field(default=[], description="Patterns for the interchange sender (UNB 0004).")
    suppliers: list[str] = Field(
        default=[], description="Patterns for the supplier's id in the message (NAD+SU, SR, SE)."
    )
    names: list[str] = Field(default=[], description="Words that must stand in the supplier's name, case ignored.")
    branch_from: list[Literal["buyer_party", "delivery_party", "recipient", "recipient_routing", "account_reference"]] = (
        Field(default=["buyer_party", "account_reference", "recipient"],
              description="Where the library's branch or account stands in what arrives, best first."))  # fmt: skip
    buyer_suffix: Literal["keep", "split"] = Field(
        default="keep", description="`split`: a buyer id `SAN code` holds the SAN and after a blank the vendor's code."
    )


class Envelope(Section):
    """The interchange that is sent (UNA, UNB, UNG)."""

    syntax: Literal["UNOA", "UNOB", "UNOC", "UNOD", "UNOE", "UNOF", "UNOG", "UNOH", "UNOI", "UNOJ", "UNOK", "UNOW", "UNOY"] = (
        Field(default="UNOC", description="Character repertoire (UNB 0001); other characters are transliterated and reported."))  # fmt: skip
    syntax_version: int = Field(default=3, ge=1, le=4, description="UNB 0002.")
    una: Literal["always", "never", "when_needed"] = Field(
        default="always",
        description="Whether UNA is written; `when_needed`: only with other delimiters than the default.",
    )
    delimiters: Annotated[str, Field(min_length=6, max_length=6)] = Field(
        default=":+.? '", description="The six characters of UNA."
    )
    line_breaks: Literal["none", "lf", "crlf"] = Field(default="none", description="What follows each segment.")
    group: bool = Field(default=False, description="Write UNG/UNE around the messages.")
    sender_qualifier: str = Field(default="31B", description="UNB 0007 of the library: 31B SAN, 14 GLN, 91, 92, ZZ.")
    recipient: str = Field(default="", description="The partner's own id; the vendor account overrides it.")
    recipient_qualifier: str = Field(default="31B", description="UNB 0007 of the partner.")
    sender_from: Literal["account", "branch", "account_user"] = Field(
        default="account",
        description="Whose identifier is the sender: the account's, the ordering branch's, or its user name.",
    )
    application_reference: Literal["none", "message_type"] = Field(default="none", description="UNB 0026.")
    acknowledgement_request: bool = Field(default=False, description="UNB 0031.")
    upper_case: bool = Field(default=False, description="Write all texts in capital letters.")
    association: str = Field(default="EAN008", description="UNH 0057, empty: left out.")
    transliterate: dict[str, str] = Field(
        default={}, description="Replacements before the general transliteration, e.g. ß: ss."
    )


class Meanings(Section):
    """What codes mean, for reading; for writing the first code with the wanted meaning is taken."""

    references: Codes = Field(
        default={},
        description="RFF 1153 → own_line, order, quote_line, supplier_line, supplier_subscription, library_subscription, fund, account, vendor_number, invoice, despatch, delivery_note, claim, contract, tax_number, barcode …",
    )
    identifiers: Codes = Field(
        default={}, description="LIN/PIA 7143 → ean, isbn, issn, ismn, sici, upc, supplier, buyer, manufacturer …"
    )
    dates: Codes = Field(
        default={}, description="DTM 2005 → document, tax_point, due, period_start, period_end, delivery_requested …"
    )
    quantities: Codes = Field(
        default={}, description="QTY 6063 → ordered, invoiced, despatched, backordered, cancelled …"
    )
    prices: dict[str, Literal["net", "gross", "net_with_tax", "gross_with_tax", "list_with_tax", "other"]] = Field(
        default={},
        description="PRI 5125 → net or gross (before allowances), with or without tax. Differs between partners.",
    )
    amounts: Codes = Field(
        default={}, description="MOA 5025 → line, line_with_tax, discount, tax, taxable, charge, total …"
    )
    parties: Codes = Field(default={}, description="NAD 3035 → buyer, supplier, delivery, invoicee, ordered_by …")
    agencies: Codes = Field(default={}, description="NAD/LOC 3055 → san, gln, supplier, buyer, mutual.")
    descriptions: Codes = Field(
        default={},
        description="IMD 7081 → title, subtitle, author, author_surname, publisher, year, edition, binding …",
    )
    copies: Codes = Field(
        default={}, description="GIR qualifier → branch, fund, barcode, sequence, item_type, shelfmark, class_mark …"
    )
    charges: Codes = Field(default={}, description="ALC 7161 → delivery, service, processing, tax, discount, postage …")
    locations: Codes = Field(default={}, description="LOC 3227 → delivery …")
    documents: Codes = Field(default={}, description="BGM 1001 → invoice, credit_note, order, rush_order, quote …")
    functions: dict[str, Literal["original", "additional", "replacement", "duplicate", "copy", "no_payment_expected",
                                 "cancellation", "change", "accepted", "not_accepted", "other"]] = Field(
        default={}, description="BGM 1225 → what may be done with the document.")  # fmt: skip
    actions: Codes = Field(
        default={}, description="LIN 1229 → added, cancelled, changed, accepted, not_accepted, not_found …"
    )


class Descriptions(Section):
    """How long texts are cut into pieces (IMD)."""

    join: Literal["width", "tight", "blank"] = Field(
        default="width",
        description="How pieces are joined in reading: `width` without a blank after a full piece, `tight` never with one, `blank` always.",
    )
    width: int = Field(default=35, ge=10, le=512, description="Length of a full piece.")
    title_identifier: str = Field(
        default="", description="7143 of an identifier that really carries the title (some partners put it into PIA)."
    )


Outcomes = dict[
    str,
    Literal["accepted", "backordered", "cancelled", "refused", "shipped", "held", "passed_on", "changed", "unknown"],
]


class Response(Section):
    """Order responses: codes → outcome of a quantity."""

    quantities: Outcomes = Field(default={}, description="QTY 6063 → outcome of that quantity.")
    availability: Outcomes = Field(default={}, description="FTX list 8B (and the partner's numeric codes) → outcome.")
    order_status: Outcomes = Field(default={}, description="FTX lists 12B and 1B → outcome.")
    lists: Codes = Field(default={}, description="FTX 1131 → availability, order_status, servicing, subset.")
    actions: Outcomes = Field(default={}, description="LIN 1229 → outcome of the line when no quantity says it.")
    texts: Codes = Field(default={}, description="Code → plain words, for the numeric codes of this partner.")


Candidate = Literal[
    "lines", "lines+header_charges", "lines+summary_charges", "lines+header_charges+summary_charges", "lines+tax",
    "lines+header_charges+tax", "lines+summary_charges+tax", "lines+header_charges+summary_charges+tax",
    "lines+line_charges", "lines+line_charges+tax",
]  # fmt: skip


class InvoiceRules(Section):
    """Reading and reconciling invoices."""

    totals: list[Code] = Field(default=[], description="MOA qualifiers of the payable total, best first.")
    candidates: list[Candidate] = Field(
        default=[], description="Sums that may explain the total; the first is the usual one."
    )
    expected: list[Candidate] = Field(
        default=[], description="Candidates that are normal for this partner; another one that fits is reported."
    )
    line_amount: list[str] = Field(
        default=[],
        description="Where the line's amount stands: MOA qualifiers, `price`, or `price_less_allowances` (the percentages of the line's ALC taken off), best first.",
    )
    per_unit: list[str] = Field(
        default=[], description="Sources of `line_amount` that are for one copy and are multiplied by the quantity."
    )
    price: list[Literal["net", "gross", "net_with_tax", "gross_with_tax", "list_with_tax", "other"]] = Field(
        default=[], description="Which price is multiplied when `line_amount` falls to `price`."
    )
    price_check: bool = Field(
        default=True, description="Compare quantity × price with the line's amount (a note, never a refusal)."
    )
    tolerance_per_line: str = Field(
        default="0",
        pattern=r"^\d+(\.\d+)?$",
        description="Rounding that is accepted per line, in the invoice's currency.",
    )
    charge_amounts: list[Code] = Field(default=[], description="MOA qualifiers of a charge's amount, best first.")
    loose_charges: list[Code] = Field(
        default=[],
        description="MOA qualifiers of the header or summary that are charges although no ALC stands before them.",
    )
    informational_charges: list[str] = Field(default=[], description="ALC codes that are never added to the total.")
    currency: Literal["reference", "target"] = Field(
        default="reference", description="Which currency of CUX is the invoice's when it states two."
    )
    tax_totals: list[Code] = Field(default=[], description="MOA qualifiers of the whole tax, best first.")


class Booking(Section):
    """Wishes about booking that go with the document. They are kept for the orders service, which does not follow them yet."""

    charges_fund: Literal["library_default", "order_line", "fixed"] = Field(
        default="library_default",
        description="Which fund bears delivery and service charges. Kept for the orders service; not yet followed.",
    )
    fixed_fund: str = Field(
        default="",
        description="The fund code for `charges_fund: fixed`. Kept for the orders service; not yet followed.",
    )
    charges_as: Literal["adjustments", "shipping"] = Field(
        default="adjustments",
        description="Charges become invoice adjustments or one shipping amount. Kept for the orders service; not yet followed.",
    )
    tax_on_charges: bool = Field(
        default=False, description="Add tax to charges. Kept for the orders service; not yet followed."
    )
    close_when_received: bool = Field(
        default=False,
        description="An invoice whose lines are all received is closed. Kept for the orders service; not yet followed.",
    )
    skip_received: bool = Field(
        default=True,
        description="Copies that are already received are not received again. Kept for the orders service; not yet followed.",
    )
    supplier_from: Literal["message", "order"] = Field(
        default="message",
        description="The invoice's vendor: as written, or that of the order. Kept for the orders service; not yet followed.",
    )
    price_update: Literal["always", "never", "vendor_terms"] = Field(
        default="always",
        description="What an invoice does to the price of the copies. Kept for the orders service; not yet followed.",
    )
    item_status: str = Field(
        default="", description="Item status set at receipt. Kept for the orders service; not yet followed."
    )
    item_note: str = Field(
        default="", description="Note set on items at receipt. Kept for the orders service; not yet followed."
    )
    adjustments: dict[str, str] = Field(
        default={}, description="Charge code → kind of adjustment. Kept for the orders service; not yet followed."
    )
    servicing: Literal["ignore", "keep"] = Field(
        default="keep", description="Servicing instructions of quotes. Kept for the orders service; not yet followed."
    )
    auto_order: bool = Field(
        default=False,
        description="A firm quote may be ordered without a person. Kept for the orders service; not yet followed.",
    )


class Match(Section):
    """Which references find the order line, best first; the orders service weighs them."""

    keys: list[str] = Field(
        default=[
            "own_line",
            "quote_line",
            "supplier_line",
            "library_subscription",
            "supplier_subscription",
            "order+identifier",
            "identifier",
        ],
        description="Meanings of references, `identifier` or `order+identifier`.",
    )
    own_line_identifier: Literal["", "additional", "product"] = Field(
        default="",
        description="PIA 4347 role (1 additional, 5 product) whose supplier's number is the own line reference.",
    )


class Files(Section):
    """Names of files."""

    incoming: dict[str, str] = Field(
        default={},
        description="Message family → pattern of its files (`*.CEI`). Kept for the exchange of files; not yet followed.",
    )
    outgoing: str = Field(
        default="{type}{reference}.{suffix}",
        description="Name of a sent file; {type}, {reference}, {date}, {counter}, {suffix}.",
    )
    suffixes: Codes = Field(default={}, description="Message family → suffix of sent files.")
    longest_name: int = Field(default=38, ge=8, le=255, description="Longest file name.")
    ignore: list[str] = Field(default=[], description="Patterns of files that are never fetched.")
    account_suffix: bool = Field(
        default=False,
        description="Fetch only files whose name ends with the account's SAN. Kept for the exchange of files; not yet followed.",
    )
    skip_fetched: bool = Field(
        default=True,
        description="A file of the same name and content is not fetched again. Kept for the exchange of files; not yet followed.",
    )


class Acknowledge(Section):
    """Acknowledgements."""

    send: Literal["none", "contrl"] = Field(
        default="none", description="Answer to what arrives. Kept for the exchange of files; not yet followed."
    )
    expect: list[Literal["contrl", "aperak", "ordrsp"]] = Field(
        default=[], description="Answers expected to what is sent. Kept for the exchange of files; not yet followed."
    )
    codes: dict[str, Literal["accepted", "rejected"]] = Field(
        default={}, description="APERAK ERC 9321 → what the partner means by it."
    )
    days: int = Field(
        default=3,
        ge=1,
        le=60,
        description="Days until a missing answer is reported. Kept for the exchange of files; not yet followed.",
    )


class Profile(Section):
    """A whole profile."""

    profile: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{1,39}$", description="The profile's name, also that of its file.")
    version: int = Field(ge=1, description="Raised by one with every change.")
    title: str = Field(description="The partner's name in full.")
    inherits: str = Field(default="", description="The profile whose keys hold where this one is silent.")
    status: Literal["active", "history", "base"] = Field(
        default="active", description="`history`: the partner is gone, its files still lie in archives."
    )
    notes: str = Field(default="", description="What a person should know.")
    assumed: list[str] = Field(
        default=[],
        description="Keys (dotted) that were not seen in a real file but follow the standard or what is said of the partner.",
    )
    identify: Identify = Identify()
    envelope: Envelope = Envelope()
    meanings: Meanings = Meanings()
    descriptions: Descriptions = Descriptions()
    order: OrderRules = OrderRules()
    response: Response = Response()
    invoice: InvoiceRules = InvoiceRules()
    booking: Booking = Booking()
    match: Match = Match()
    files: Files = Files()
    acknowledge: Acknowledge = Acknowledge()
    quirks: list[str] = Field(
        default=[], description="Flag codes that are normal for this partner; they are shown as notes only."
    )

    @field_validator("quirks")
    @classmethod
    def _known_flags(cls, codes: list[str]) -> list[str]:
        from quire_vendors.edi.documents import flags as _documents  # noqa: F401  (registers its codes)
        from quire_vendors.edi.flags import CATALOGUE
        from quire_vendors.edi.syntax import catalogue as _syntax  # noqa: F401

        for code in codes:
            if code not in CATALOGUE:
                raise ValueError(f"There is no flag with the code {code!r}.")
            if CATALOGUE[code].severity == "error":
                raise ValueError(f"The flag {code} is an error and cannot be silenced.")
        return codes

    @field_validator("envelope")
    @classmethod
    def _usable_delimiters(cls, envelope: Envelope) -> Envelope:
        component, element, decimal, release, _, segment = tuple(envelope.delimiters)
        marks = [component, element, segment, *([release] if release != " " else [])]
        if len(set(marks)) != len(marks) or any(mark.isalnum() or not mark.isascii() or mark == " " for mark in marks):
            raise ValueError("The delimiters must be different single characters, no letters or digits.")
        if decimal not in ".,":
            raise ValueError("The decimal mark (third of the delimiters) must be a point or a comma.")
        if envelope.una == "never" and envelope.delimiters[:4] + envelope.delimiters[5] != ":+.?'":
            raise ValueError("Without UNA only the standard delimiters can be used.")
        return envelope

    @model_validator(mode="after")
    def _both_ways(self) -> "Profile":
        """What is written must be read back with the same meaning."""
        pairs: list[tuple[str, str, str]] = [
            ("descriptions", code, name) for name, code in self.order.descriptions.codes.items()
        ]
        pairs += [("prices", code, meaning) for meaning, code in self.order.price.items()]
        for table, code, meaning in pairs:
            read = getattr(self.meanings, table).get(code, "")
            if read != meaning:
                raise ValueError(
                    f"order writes {meaning} as {code}, but meanings.{table} reads {code} as {read or 'nothing'}."
                )
        for table, names in (("references", [*self.order.references, *self.order.header_references]),
                             ("copies", [*self.order.copies.fields, *self.order.copies.empty])):  # fmt: skip
            for name in names:
                if name not in getattr(self.meanings, table).values():
                    raise ValueError(f"order names {name}, which no code of meanings.{table} stands for.")
        return self

    @model_validator(mode="after")
    def _usual_candidate(self) -> "Profile":
        strange = [name for name in self.invoice.expected if name not in self.invoice.candidates]
        if strange:
            raise ValueError(f"invoice.expected names {', '.join(strange)}, which invoice.candidates does not.")
        return self
