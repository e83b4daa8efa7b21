"""Commands on costs: copies from orders, links between order lines and platforms, telling what changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from quire_shared.api.problems import Fault, Invalid, NotFound
from quire_shared.contracts.orders import InvoicePaid, InvoicePaymentReversed, LineChanged
from quire_shared.contracts.usage import CostPerUseChanged
from quire_shared.database.work import Work
from quire_shared.values.money import Money
from quire_usage.costs import figures, schemas, store
from quire_usage.costs.allocation import AllocationMethod
from quire_usage.costs.tables import OrderLineCopy, PaidInvoiceLine, ResourceLink, ToldCostPerUse
from quire_usage.facts.tables import Platform


async def keep_order_line(work: Work, event: LineChanged) -> None:
    """Keep the few facts of an order line."""
    await store.make_stubs(work.session, [event.line.line_id])
    row = await work.lock(OrderLineCopy, event.line.line_id, "order line")
    row.order_id, row.order_number, row.vendor_id = event.order_id, event.order_number, event.vendor_id
    row.number, row.title = event.line.number, event.line.title
    row.material, row.state, row.unit_id = event.line.material, event.line.state, event.unit_id
    await work.session.flush()


async def keep_paid_lines(work: Work, event: InvoicePaid) -> None:
    """Keep the paid lines of an invoice and tell the cost per use of the platforms they pay."""
    rows = [
        PaidInvoiceLine(
            id=line.line_id,
            invoice_id=event.invoice_id,
            invoice_number=event.number,
            number=line.number,
            order_line_id=line.order_line_id,
            description=line.description,
            amount=line.total.amount,
            currency=line.total.currency,
            paid_on=event.paid_on,
            service_from=line.service_from,
            service_to=line.service_to,
            unit_id=event.unit_id,
        )
        for line in event.lines
    ]
    order_lines = {row.order_line_id for row in rows if row.order_line_id is not None}
    await store.make_stubs(work.session, order_lines)
    # the order lines are locked first, here and where links change: neither can miss what the other writes
    await work.lock_all(OrderLineCopy, order_lines, "order line")
    await store.put_paid_lines(work.session, rows)
    await tell(work, await store.platforms_of_lines(work.session, order_lines))


async def reverse_payment(work: Work, event: InvoicePaymentReversed) -> None:
    """The paid lines of an invoice no longer count."""
    rows = await store.lines_of_invoice(work.session, event.invoice_id)
    order_lines = {row.order_line_id for row in rows if row.order_line_id is not None}
    await work.lock_all(OrderLineCopy, order_lines, "order line")
    for row in rows:
        row.reversed_on = event.reversed_on
        work.session.add(row)
    await work.session.flush()
    await tell(work, await store.platforms_of_lines(work.session, order_lines))


async def usage_changed(work: Work, platform_id: UUID) -> None:
    """New figures of a platform; those that share a line with it by use change with it."""
    lines = await store.lines_of_platform(work.session, platform_id)
    shared = {row.id for row in (await store.lines_by_id(work.session, lines)).values() if _by_use(row)}
    await tell(work, {platform_id, *await store.platforms_of_lines(work.session, shared)})


def _by_use(row: OrderLineCopy) -> bool:
    return row.method is AllocationMethod.USAGE


async def link_platforms(work: Work, line_id: UUID, body: schemas.LinksIn) -> schemas.OrderLineOut:
    """Say which platforms an order line pays, and how its cost is shared among them; replaces what was said before."""
    line = await work.lock(OrderLineCopy, line_id, "order line")
    work.match(line, await line_out(work, line), body)
    ids = [share.platform_id for share in body.platforms]
    _check(body, ids)
    before = await store.platforms_of_lines(work.session, [line_id])
    hidden = {
        p.id
        for _, p in (await store.links_of_lines(work.session, [line_id]))[line_id]
        if not work.actor.sees(p.unit_id)
    }
    if hidden:
        raise NotFound("This order line also pays a platform of another unit; ask somebody who sees both.")
    await work.lock_all(Platform, {*before, *ids}, "platform")
    await store.remove_links(work.session, line_id)
    for share in body.platforms:
        price, spend = share.list_price, share.historic_spend
        work.session.add(
            ResourceLink(
                order_line_id=line_id,
                platform_id=share.platform_id,
                list_price=price.amount if price else None,
                list_price_currency=price.currency if price else None,
                historic_spend=spend.amount if spend else None,
                historic_spend_currency=spend.currency if spend else None,
            )
        )
    line.method, line.linked_at = body.method, work.now
    await work.session.flush()
    await tell(work, {*before, *ids})
    work.audit("costs.link_platforms", line_id, platforms=[str(i) for i in ids], method=body.method.value)
    return await line_out(work, line)


def _check(body: schemas.LinksIn, ids: Sequence[UUID]) -> None:
    faults = []
    if len(set(ids)) != len(ids):
        faults.append(Fault(pointer="/platforms", code="platform_twice", detail="A platform stands twice."))
    if len(ids) > 1 and body.method is AllocationMethod.NONE:
        faults.append(
            Fault(
                pointer="/method",
                code="method_needed",
                detail="The line pays several platforms, so a method must say how its cost is shared.",
                fix="Take equal, list_price, history or usage.",
            )
        )
    for n, share in enumerate(body.platforms):
        for name in ("list_price", "historic_spend"):
            price: Money | None = getattr(share, name)
            if price is not None and price.amount < 0:
                faults.append(
                    Fault(pointer=f"/platforms/{n}/{name}", code="negative", detail="A price is not negative.")
                )
    if faults:
        raise Invalid("The links are not valid; each fault is named.", faults)


async def give_rate(work: Work, paid_line_id: UUID, body: schemas.RateIn) -> schemas.PaidLineOut:
    """Give the booking rate of a paid line in a foreign currency."""
    row = await work.lock(PaidInvoiceLine, paid_line_id, "paid invoice line")
    if row.order_line_id is not None:
        await work.lock_all(OrderLineCopy, [row.order_line_id], "order line")
    row.rate = body.rate
    await work.session.flush()
    if row.order_line_id is not None:
        await tell(work, await store.platforms_of_lines(work.session, [row.order_line_id]))
    work.audit("costs.give_rate", paid_line_id, rate=str(body.rate))
    return paid_line_out(row)


def paid_line_out(row: PaidInvoiceLine) -> schemas.PaidLineOut:
    return schemas.PaidLineOut(
        **row.model_dump(exclude={"amount", "currency", "unit_id"}), total=Money.of(row.amount, row.currency)
    )


async def line_out(work: Work, line: OrderLineCopy) -> schemas.OrderLineOut:
    links = await store.links_of_lines(work.session, [line.id])
    return as_out(line, links[line.id])


def as_out(line: OrderLineCopy, links: list[tuple[ResourceLink, Platform]]) -> schemas.OrderLineOut:
    return schemas.OrderLineOut(
        **line.model_dump(exclude={"vendor_id", "unit_id", "linked_at"}),
        platforms=[
            schemas.PlatformShareOut(
                platform_id=platform.id,
                platform=platform.name,
                list_price=figures.link_money(link.list_price, link.list_price_currency),
                historic_spend=figures.link_money(link.historic_spend, link.historic_spend_currency),
            )
            for link, platform in links
        ],
    )


async def tell(work: Work, platform_ids: Collection[UUID]) -> None:
    """Compute the cost per use of platforms for each calendar year anew and tell what is not as it was told last."""
    platforms = await work.lock_all(Platform, platform_ids, "platform")
    for platform in platforms.values():
        lines = await store.paid_lines(work.session, await store.lines_of_platform(work.session, platform.id))
        told = await store.told(work.session, platform.id)
        years = await store.years_with_usage(work.session, platform.id)
        years.update(told, *(figures.line_years(row) for row in lines))
        for year in sorted(years):
            [result] = await figures.cost_per_use(work.session, [platform], figures.year_months(year))
            if year not in told and not result.lines and not result.left_out:
                continue
            event = CostPerUseChanged(
                platform_id=platform.id,
                platform=platform.name,
                period_from=result.period_from,
                period_to=result.period_to,
                months_covered=len(result.covered),
                months_asked=len(result.months),
                metric=result.metric.metric,
                uses=result.uses,
                cost=result.covered_cost.amount,
                currency=platform.currency,
                cost_per_use=result.cost_per_use,
                method=result.allocation,
                unit_id=platform.unit_id,
            )
            # the versions of the reports belong to it: the same figures of another version are another statement
            now = event.model_dump(mode="json") | {
                "reports": [f"{r.id}" for r in result.reports],
                "lines": [f"{line.line_id}" for line in result.lines],
            }
            if year in told and told[year].figures == now:
                continue
            row = told.get(year) or ToldCostPerUse(platform_id=platform.id, year=year, figures={})
            row.figures = now
            work.session.add(row)
            work.emit(event, platform.id, unit_id=platform.unit_id)
    await work.session.flush()
