"""The flags of reading and writing documents, of reconciliation and of profiles."""

from quire_vendors.edi.flags import Entry, register

register(
    {
        "PARTY_MISSING": Entry(
            "error", "The interchange names no {who}; no vendor could tell whose order it is.",
            "Give the number in the account (for the command line: --account).",
        ),
        "NUMBER_UNREADABLE": Entry(
            "error", "{what} is {text!r}, which is not a number.",
            "Ask the sender for a corrected document, or correct the value in quarantine.",
        ),
        "NUMBER_AMBIGUOUS": Entry(
            "error", "{what} is {text!r}: the mark may divide thousands or decimals.",
            "Compare with the printed document, then correct the value in quarantine.",
        ),
        "NUMBER_OTHER_MARK": Entry(
            "warning", "{what} is {text!r}, with another decimal mark than the file declares.",
            "It was read as a decimal mark; compare the totals.",
        ),
        "NUMBER_TRAILING_MINUS": Entry(
            "info", "{what} is {text!r}, with the minus at the end.", "It was read as a negative number."
        ),
        "DATE_UNREADABLE": Entry(
            "warning", "The date {text!r} (format {form!r}) is not a day.", "It was left out; enter it by hand if it is needed."
        ),
        "SEGMENT_UNUSED": Entry(
            "info", "The segment {tag} has no meaning to Quire at this place and was passed over.", "Nothing needs to be done."
        ),
        "LINE_AFTER_SUMMARY": Entry(
            "warning", "A line stands after the summary began.", "It was read as a line; compare the number of lines."
        ),
        "DOCUMENT_NUMBER_MISSING": Entry(
            "error", "The document has no number.", "Ask the sender for one, or enter it in quarantine."
        ),
        "DOCUMENT_CODE_UNKNOWN": Entry(
            "warning", "The document's code {value!r} has no meaning in the profile {profile}.",
            "Add it under meanings.documents in the profile if the sender uses it on purpose.",
        ),
        "FUNCTION_UNKNOWN": Entry(
            "error", "The document's function {value!r} has no meaning in the profile {profile}.",
            "Decide what may be done with the document; add the code under meanings.functions in the profile.",
        ),
        "NOT_FOR_BOOKING": Entry(
            "warning", "The sender marks the document as {meaning}.", "It is kept and shown, but not booked."
        ),
        "MESSAGE_TYPE_UNKNOWN": Entry(
            "warning", "Quire does not read messages of the type {type!r} as documents.",
            "The message is kept; nothing is done with it.",
        ),
        "NO_LINES": Entry("warning", "The document has no lines.", "Compare with the sender's printed document."),
        "LINE_COUNT": Entry(
            "warning", "The sender counts {stated} lines, the document has {found}.",
            "Lines may be missing; compare with the printed document.",
        ),
        "QUANTITY_COUNT": Entry(
            "info", "The sender counts {stated} copies, the lines sum up to {found}.", "Compare the quantities of the lines."
        ),
        "LINE_PRICE": Entry(
            "info", "Line {line}: {quantity} at {price} is {computed}, the line's amount is {amount}.",
            "The line's amount counts; ask the supplier if the price matters.",
        ),
        "LINE_AMOUNT_MISSING": Entry(
            "warning", "Line {line} has no amount and no price.", "It counts as nothing in the sum of the lines."
        ),
        "LINE_CURRENCY": Entry(
            "error", "Line {line} states {amount}, which is another currency than the total's ({currency}).",
            "It is not in the sum of the lines; ask the supplier for its amount in {currency}.",
        ),
        "LINE_AMOUNTS_DIFFER": Entry(
            "error", "Line {line} states several amounts of the same kind: {amounts}.",
            "Compare with the printed invoice and ask the supplier which of them holds.",
        ),
        "TOTALS_DIFFER": Entry(
            "warning", "The invoice states different totals: {told}.", "Look which of them is to be paid."
        ),
        "CURRENCY_MISSING": Entry(
            "warning", "The document does not name its currency.", "The currency of the vendor's account is taken; compare it."
        ),
        "TOTAL_UNUSUAL": Entry(
            "warning", "The total is {candidate}, which is not usual for {profile}.",
            "Look at the charges; add {candidate} to invoice.expected in the profile if it is normal.",
        ),
        "TOTAL_AMBIGUOUS": Entry(
            "warning", "The total is {candidate}, but {others} gives the same sum.", "Look which charges belong to the total."
        ),
        "TOTAL_UNEXPLAINED": Entry(
            "error", "{reason}", "Compare with the printed invoice and decide on the difference before it is booked."
        ),
        "LINES_TOTAL": Entry(
            "info", "The sender states {stated} as sum of the lines, they sum up to {found}.", "Compare the lines' amounts."
        ),
        "RESPONSE_QUANTITIES": Entry(
            "warning", "Line {line}: {ordered} were ordered, the answers sum up to {answered}.",
            "Ask the supplier what becomes of the rest.",
        ),
        "RESPONSE_CONFLICT": Entry(
            "warning", "Line {line}: the status {value!r} means {status}, but the quantities say {told}.",
            "The quantities were taken; ask the supplier which of them holds.",
        ),
        "OUTCOME_UNKNOWN": Entry(
            "warning", "Line {line}: {what}.",
            "Look at the line, ask the supplier, or add the code under response in the profile.",
        ),
        "ACKNOWLEDGEMENT_UNCLEAR": Entry(
            "error",
            "The acknowledgement does not say clearly whether {what} was accepted.",
            "Ask the partner, or add its codes under acknowledge.codes in the profile.",
        ),
        "ELEMENT_TOO_LONG": Entry(
            "warning", "{what} {text!r} is longer than {most} characters.", "It is cut to {cut!r}; shorten it or change the profile."
        ),
        "PIECES_DROPPED": Entry(
            "warning", "Line {line}: {what} has more pieces than the partner accepts; {count} are left out.",
            "Shorten the text, or raise the limit in the profile.",
        ),
        "VALUE_NOT_SENT": Entry(
            "warning", "Line {line}: {what} {text!r} is not sent to this partner.", "Add it to the profile if the partner can read it."
        ),
        "IDENTIFIER_MISSING": Entry(
            "warning", "Line {line}: the title has none of the identifiers {wanted}.", "The partner will have to go by title and author."
        ),
        "PRICE_MISSING": Entry("info", "Line {line}: the title has no price.", "Some partners read a missing price as 0.00."),
        "PRICE_AS": Entry(
            "info", "Line {line}: the list price {price} is sent as the price of the kind {meaning}.",
            "If the partner must know it as a list price, add list_with_tax under order.price in the profile.",
        ),
        "LINE_REFERENCE_BAD": Entry(
            "error", "Line {line}: the reference {text!r} holds other characters than letters, digits, hyphen and slash, or is longer than 35.",
            "Give the line another reference: the partner's answers are matched by it.",
        ),
        "COPIES_DIFFER": Entry(
            "warning", "Line {line}: {quantity} are ordered, {copies} copies are described.", "Correct the quantity or the copies."
        ),
    }
)  # fmt: skip
