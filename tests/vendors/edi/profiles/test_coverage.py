"""Every switch of three other systems' vendor settings has a key in the profile schema.

The names are those of the Koha plug-in "EDIFACT Enhanced", of Evergreen's EDI attributes and of FOLIO's integration
settings and mapping profiles. A key ending in `=value` names the value that stands for the switch.
"""

from typing import get_args, get_origin

import pytest
from pydantic import BaseModel

from quire_vendors.edi.profiles.model import Profile
from quire_vendors.edi.profiles.orders import PartyOut

KOHA = {
    "buyer_san": "order.parties.id_from=account",
    "buyer_san_in_header": "envelope.sender_from=account",
    "buyer_san_in_nadby": "order.parties.id_from=account",
    "buyer_san_use_username": "envelope.sender_from=account_user",
    "buyer_san_extract_from_library_ean_description": "order.parties.id_from=branch",
    "buyer_san_use_library_ean_split_first_part": "order.parties.id_from=branch",
    "branch_ean_in_header": "envelope.sender_from=branch",
    "branch_ean_in_nadby": "order.parties.id_from=branch",
    "buyer_id_code_qualifier": "envelope.sender_qualifier",
    "lin_use_ean": "order.line_identifier=ean",
    "lin_use_isbn": "order.line_identifier=isbn13",
    "lin_use_issn": "order.line_identifier=issn",
    "lin_use_upc": "order.line_identifier=upc",
    "lin_use_product_id": "order.line_identifier=supplier",
    "lin_use_item_field": "order.line_identifier=item_field",
    "lin_use_item_field_qualifier": "order.item_field_qualifier",
    "lin_use_item_field_clear_on_invoice": "booking.item_note",
    "lin_force_first_isbn": "order.line_identifier_pick=first",
    "lin_use_invalid_isbn13": "order.line_identifier_pick=first",
    "lin_use_invalid_isbn_any": "order.line_identifier_pick=first",
    "pia_limit": "order.additional_limit",
    "pia_send_lin": "order.repeat_line_identifier",
    "pia_use_ean": "order.additional=ean",
    "pia_use_isbn10": "order.additional=isbn10",
    "pia_use_isbn13": "order.additional=isbn13",
    "pia_use_issn": "order.additional=issn",
    "pia_use_upc": "order.additional=upc",
    "pia_use_product_id": "order.additional=supplier",
    "gir_mapping": "order.copies.fields",
    "gir_value_replacements_map": "order.copies.values",
    "gir_disable": "order.copies.send",
    "split_gir": "order.copies.pairs_per_segment",
    "send_rff_bfn": "order.references",
    "send_rff_bfn_biblionumber": "order.references",
    "send_basketname": "order.number_from=order_name",
    "send_shipto_address": "order.parties.name",
    "shipto_qualifier": "order.parties.role",
    "send_billto_address": "order.parties.name",
    "billto_qualifier": "order.parties.role",
    "order_contact_name": "order.parties.contact",
    "order_contact_email": "order.parties.contact",
    "order_file_suffix": "files.suffixes",
    "invoice_file_suffix": "files.incoming",
    "skip_previously_downloaded_files": "files.skip_fetched",
    "skip_nonmatching_san_suffix": "files.account_suffix",
    "shipment_charges_moa_8": "invoice.loose_charges",
    "shipment_charges_moa_79": "invoice.loose_charges",
    "shipment_charges_moa_124": "invoice.loose_charges",
    "shipment_charges_moa_131": "invoice.loose_charges",
    "shipment_charges_moa_304": "invoice.loose_charges",
    "shipment_charges_alc_dl": "meanings.charges",
    "add_tax_to_shipping_costs": "booking.tax_on_charges",
    "ship_budget_from_orderline": "booking.charges_fund=order_line",
    "shipping_budget_id": "booking.fixed_fund",
    "invoice_adjustment_rules": "booking.adjustments",
    "close_invoice_on_receipt": "booking.close_when_received",
    "ignore_duplicate_reciepts": "booking.skip_received",
    "set_bookseller_from_order_basket": "booking.supplier_from=order",
    "no_update_item_price": "booking.price_update=never",
    "update_pricing_from_vendor_settings": "booking.price_update=vendor_terms",
    "set_nfl_on_receipt": "booking.item_status",
    "add_itemnote_on_receipt": "booking.item_note",
}

EVERGREEN = {
    "BUYER_ID_INCLUDE_VENDCODE": "order.parties.vendor_code=append",
    "BUYER_ID_ONLY_VENDCODE": "order.parties.vendor_code=only",
    "COPY_SPEC_CODES": "meanings.copies",
    "INCLUDE_BIB_AUTHOR": "order.descriptions.codes",
    "INCLUDE_BIB_EDITION": "order.descriptions.codes",
    "INCLUDE_BIB_PAGINATION": "order.descriptions.codes",
    "INCLUDE_CALL_NUMBER": "order.copies.fields",
    "INCLUDE_COLLECTION_CODE": "order.copies.fields",
    "INCLUDE_COPIES": "order.copies.send",
    "INCLUDE_COPY_ID": "order.copies.fields",
    "INCLUDE_EMPTY_CALL_NUMBER": "order.copies.empty",
    "INCLUDE_EMPTY_COLLECTION_CODE": "order.copies.empty",
    "INCLUDE_EMPTY_IMD_VALUES": "order.descriptions.empty",
    "INCLUDE_EMPTY_ITEM_TYPE": "order.copies.empty",
    "INCLUDE_EMPTY_LI_NOTE": "order.note_empty",
    "INCLUDE_EMPTY_LOCATION": "order.copies.empty",
    "INCLUDE_FUND": "order.copies.fields",
    "INCLUDE_ITEM_BARCODE": "order.copies.fields",
    "INCLUDE_ITEM_TYPE": "order.copies.fields",
    "INCLUDE_LOCATION": "order.copies.fields",
    "INCLUDE_OWNING_LIB": "order.copies.fields",
    "INCLUDE_PO_NAME": "order.number_from=order_name",
    "INCLUDE_QUANTITY": "order.copies.quantity",
    "LINEITEM_IDENT_VENDOR_NUMBER": "order.line_identifier=supplier",
    "LINEITEM_REF_ID_ONLY": "order.own_line=id",
    "USE_ID_FOR_OWNING_LIB": "order.copies.values",
    "LINEITEM_SEQUENTIAL_ID": "order.own_line=sequence",
}

FOLIO = {
    "integration: vendorEdiOrdersAccount.accountNo": "order.parties.reference=account",
    "integration: ediConfig.libEdiCode": "envelope.sender_from",
    "integration: ediConfig.libEdiType": "envelope.sender_qualifier",
    "integration: ediConfig.vendorEdiCode": "envelope.recipient",
    "integration: ediConfig.vendorEdiType": "envelope.recipient_qualifier",
    "integration: ediConfig.ediNamingConvention": "files.outgoing",
    "integration: ediConfig.sendAccountNumber": "order.parties.reference=account",
    "integration: ediConfig.supportOrder / supportInvoice": "files.incoming",
    "integration: ediConfig.notes / vendorInstructions": "order.notes",
    "export: LIN and PIA by product id type": "order.line_identifier",
    "export: PRI+AAB / AAF": "order.price",
    "export: RFF+BFN / SLI / API": "order.references",
    "export: LOC+7": "order.locations",
    "export: IMD title, contributor, publisher": "order.descriptions.codes",
    "export: rush order (BGM 224)": "order.codes",
    "mapping: invoice.vendorInvoiceNo BGM+380": "meanings.documents",
    "mapping: invoice.invoiceDate DTM+137": "meanings.dates",
    "mapping: invoice.paymentDue DTM+13": "meanings.dates",
    "mapping: invoice.currency CUX+2": "invoice.currency=reference",
    "mapping: invoice.currency CUX++2": "invoice.currency=target",
    "mapping: invoice.lockTotal MOA+86 / MOA+9": "invoice.totals",
    "mapping: invoice.adjustments ALC+C": "invoice.candidates",
    "mapping: invoiceLine.subTotal MOA+203": "invoice.line_amount",
    "mapping: invoiceLine.subTotal MOA+203?4 by currency": "invoice.currency",
    "mapping: invoiceLine.subTotal PRI+AAB": "invoice.line_amount",
    "mapping: invoiceLine.quantity QTY+47": "meanings.quantities",
    "mapping: invoiceLine.description IMD+L+050 / IMD++050": "meanings.descriptions",
    "mapping: invoiceLine.description PIA+5 IB": "descriptions.title_identifier",
    "mapping: invoiceLine.poLineNumber RFF+LI": "match.keys",
    "mapping: invoiceLine.poLineNumber RFF+SNL / RFF+ON": "meanings.references",
    "mapping: invoiceLine.referenceNumbers SNA / SLI": "meanings.references",
    "mapping: invoiceLine.referenceNumbers PIA+5 SA": "meanings.identifiers",
    "mapping: invoiceLine.referenceNumbers PIA+1": "match.own_line_identifier",
    "mapping: invoiceLine.subscriptionStart / End DTM+194 / 206": "meanings.dates",
}


def leaf(key: str) -> tuple[type, object]:
    """The annotation of a dotted key; fails when the schema has no such key."""
    model: type[BaseModel] = Profile
    annotation: object = Profile
    for part in key.split("."):
        assert part in model.model_fields, f"The profile schema has no key {key}."
        annotation = model.model_fields[part].annotation
        inner = annotation
        if get_origin(annotation) is list and get_args(annotation)[0] is PartyOut:
            inner = PartyOut
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            model = inner
    return model, annotation


def values(annotation: object) -> list[object]:
    """All literal values inside of an annotation."""
    found: list[object] = []
    for argument in get_args(annotation):
        found += values(argument) if get_args(argument) else [argument]
    return found


@pytest.mark.parametrize(
    ("switch", "key"), [(f"{system}: {switch}", key) for system, table in
                        (("Koha", KOHA), ("Evergreen", EVERGREEN), ("FOLIO", FOLIO)) for switch, key in table.items()]
)  # fmt: skip
def test_a_switch_has_a_key(switch: str, key: str) -> None:
    name, _, value = key.partition("=")
    _, annotation = leaf(name)
    if value:
        assert value in values(annotation), f"{switch}: {name} cannot be {value}"


def test_the_lists_are_whole() -> None:
    """Counted in the other systems' sources: the plug-in's stored switches, and Evergreen's attributes."""
    assert len(KOHA) >= 60
    assert len(EVERGREEN) == 27
