"""What opening an order needs: the parts its lines hold on funds, likely duplicates, the request to send it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from quire_orders.funds import commands_commitments as commitments
from quire_orders.funds.rules_distribution import Part, check_distribution, split
from quire_orders.purchasing import store
from quire_orders.purchasing.rules import LineStatus
from quire_orders.purchasing.tables import LineIdentifier, Order, OrderLine
from quire_shared.api.problems import Fault
from quire_shared.contracts.orders import OrderedCopy, OrderedLine, OrderSendRequested
from quire_shared.database.work import Work
from quire_shared.values.money import Money

SEND_PART = 200


async def line_parts(
    work: Work, lines: Sequence[OrderLine], parts: store.Parts, order: Order, today: date, faults: list[Fault]
) -> list[commitments.LineParts]:
    """What each line is to hold on which fund; faults of the distributions are added to ``faults``."""
    funds = {f.fund_id for line in lines for f in parts.funds[line.id]}
    years = await store.years_of_funds(work.session, funds, order.ordered_on or today)
    wanted: list[commitments.LineParts] = []
    for line in lines:
        place = f"/lines/{line.position}"
        given = parts.funds[line.id]
        price = Money(line.estimated_price, line.currency)
        shares = [Part(f"{place}/funds/{i}", f.value) for i, f in enumerate(given)]
        found = check_distribution(line.distribution, price, shares, f"{place}/funds")
        faults += [Fault(pointer=f.pointer, code=f.code, detail=f"{line.number}: {f.detail}", fix=f.fix) for f in found]
        if found:
            continue
        amounts = split(line.distribution, price, shares)
        held: list[commitments.CommitmentPart] = []
        for i, (fund, amount) in enumerate(zip(given, amounts, strict=True)):
            year = fund.fiscal_year_id or order.fiscal_year_id or years.get(fund.fund_id)
            if year is None:
                faults.append(
                    Fault(
                        pointer=f"{place}/funds/{i}",
                        code="no_fiscal_year",
                        detail=f"{line.number}: no fiscal year of fund {parts.codes[fund.fund_id]} holds {today}.",
                        fix="Make the fiscal year, or choose one for this line.",
                    )
                )
                continue
            locations = frozenset(
                c.location for c in parts.copies[line.id] if c.location and c.fund_id in (None, fund.fund_id)
            )
            held.append(
                commitments.CommitmentPart(
                    fund_id=fund.fund_id,
                    fiscal_year_id=year,
                    amount=amount,
                    expense_class_id=fund.expense_class_id,
                    locations=locations,
                    place=f"{place}/funds/{i}",
                )
            )
        wanted.append(commitments.LineParts(line.id, held, place))
    return wanted


async def duplicates(work: Work, order: Order, lines: Sequence[OrderLine], parts: store.Parts) -> list[Fault]:
    """Warnings, each with its evidence: the same standard number on a live line of another order."""
    by_key = {(i.kind, i.normalized): line for line in lines for i in parts.identifiers[line.id] if i.problem is None}
    return [
        Fault(
            pointer=f"/lines/{by_key[kind, value].position}",
            code="maybe_duplicate",
            detail=f"{by_key[kind, value].number}: {kind.upper()} {value} is on order already in {number} (“{title[:80]}”).",
            fix="Cancel one of the two if it is not wanted twice.",
        )
        for kind, value, number, title in await store.same_identifiers(work.session, by_key, order.id)
    ]


def request_sending(work: Work, order: Order, lines: Sequence[OrderLine], parts: store.Parts) -> None:
    wanted = [
        OrderedLine(
            line_id=line.id,
            number=line.number,
            title=line.title,
            author=line.contributor,
            publisher=line.publisher,
            published=line.published,
            edition=line.edition,
            identifiers=_by_kind(parts.identifiers[line.id]),
            quantity=line.quantity,
            unit_price=Money(line.unit_price, line.currency),
            vendor_reference=line.vendor_reference or line.quote_reference,
            note=line.note or None,
            copies=[
                OrderedCopy(
                    location=c.location,
                    collection=c.collection,
                    item_type=c.item_type,
                    shelf_mark=c.shelf_mark,
                    fund_code=parts.codes.get(c.fund_id) if c.fund_id else None,
                    quantity=c.quantity,
                )
                for c in parts.copies[line.id]
            ],
        )
        for line in lines
        if line.status is LineStatus.OPEN
    ]
    count = max(1, -(-len(wanted) // SEND_PART))
    for part in range(count):
        work.emit(
            OrderSendRequested(
                order_id=order.id,
                number=order.number,
                vendor_id=order.vendor_id,
                account_number=order.account_number,
                currency=order.currency,
                ordered_on=order.ordered_on or work.now.date(),
                rush=order.rush,
                part=part + 1,
                parts=count,
                lines=wanted[part * SEND_PART : (part + 1) * SEND_PART],
                unit_id=order.unit_id,
            ),
            order.id,
            unit_id=order.unit_id,
            aggregate_version=order.version,
        )


def _by_kind(identifiers: Sequence[LineIdentifier]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for identifier in identifiers:
        kinds.setdefault(identifier.kind, []).append(identifier.normalized)
    return kinds
