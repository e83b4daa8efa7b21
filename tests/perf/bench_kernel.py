"""Speed of the event kernel against bare clients in the same run, on Kafka and PostgreSQL with fsync.

    python tests/perf/bench_kernel.py     writes build/bench/kernel.json and prints the figures

outbox: events from the outbox to Kafka through the relay, against a bare aiokafka producer with the same settings that
awaits batches of the same records. consumption: the budget projection from Kafka, against a bare asyncpg loop that runs
the same statements from memory, in transactions of the same size. visible: from the start of a command to its row in
the budget read model, at 50 commands a second. The parts alternate; the best round of each counts.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from aiokafka import AIOKafkaProducer
from pydantic import SecretStr

from quire_orders.funds import commands, commands_budgets, commands_money, schemas, schemas_ledger
from quire_shared.access.principal import SYSTEM
from quire_shared.contracts.orders import BudgetChanged
from quire_shared.database.embedded import EmbeddedPostgres
from quire_shared.database.run import Repeatable
from quire_shared.events.bus.base import partition_of
from quire_shared.events.consumer import Consumer
from quire_shared.events.envelope import Cause, headers_for
from quire_shared.events.relay import BATCH, Relay
from quire_shared.service.definition import installed
from quire_shared.service.installation import Installation
from quire_shared.service.settings import Settings
from quire_shared.testing.kafka import KafkaBroker
from quire_shared.values import clock
from quire_shared.values.ids import uuid7
from quire_shared.values.money import Money

RESULT = Path(__file__).resolve().parents[2] / "build" / "bench" / "kernel.json"
EVENTS = 10_000
BUDGETS = 200
ROUNDS = 2
A_SECOND = 50
SECONDS = 10
FIGURES = (
    *("allocated", "net_transfers", "encumbered", "awaiting_payment", "expended"),
    *("credited", "available", "cash_balance", "total_funding"),
)


def events() -> list[tuple[uuid.UUID, str, str, str]]:
    """Event id, key, payload and headers of budget events as orders tells them."""
    ids = [(uuid7(), uuid7()) for _ in range(BUDGETS)]
    ledger, year = uuid7(), uuid7()
    made = []
    for number in range(EVENTS):
        budget, fund = ids[number % BUDGETS]
        event = BudgetChanged(
            budget_id=budget,
            fund_id=fund,
            fund_code=f"F{number % BUDGETS:03}",
            fund_name="Monographs",
            ledger_id=ledger,
            fiscal_year_id=year,
            fiscal_year_code="FY26",
            currency="EUR",
            **{name: Decimal(number) for name in FIGURES},
        )
        event_id = uuid7()
        headers = headers_for(event, event_id, "orders", datetime.now(UTC), Cause(), None, None)
        made.append((event_id, str(budget), event.model_dump_json(), orjson.dumps(headers).decode()))
    return made


async def fill_outbox(dsn: str, made: list[tuple[uuid.UUID, str, str, str]]) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "INSERT INTO outbox (event_id, topic, key, type, version, payload, headers, created_at)"
        " SELECT e, 'quire.orders', k, 'orders.budget.changed', 1, p::json, h::json, now()"
        " FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS x(e, k, p, h, n) ORDER BY n",
        *([row[i] for row in made] for i in range(4)),
    )
    await connection.close()


async def through_relay(quire: Installation) -> float:
    """Seconds from a full outbox to an empty one."""
    runtime = quire.runtimes["orders"]
    relay = Relay(runtime.dsn, "orders", runtime.bus)
    connection = await asyncpg.connect(relay.dsn)
    sink = runtime.bus.sink()
    await sink.start()
    begin = time.perf_counter()
    while await relay.once(connection, sink):
        pass
    seconds = time.perf_counter() - begin
    await sink.close()
    await connection.close()
    if relay.published != EVENTS:
        raise SystemExit(f"The relay published {relay.published} of {EVENTS} events.")
    return seconds


async def bare_producer(bootstrap: str, made: list[tuple[uuid.UUID, str, str, str]]) -> float:
    """Seconds for the same records into a topic that nobody reads in this run."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, acks="all", linger_ms=2, max_batch_size=256 * 1024
    )
    await producer.start()
    records = [
        (key.encode(), payload.encode(), partition_of(key), [(k, v.encode()) for k, v in orjson.loads(headers).items()])
        for _, key, payload, headers in made
    ]
    begin = time.perf_counter()
    for start in range(0, len(records), BATCH):
        futures = [
            await producer.send("quire.usage", value, key=key, partition=partition, headers=headers)
            for key, value, partition, headers in records[start : start + BATCH]
        ]
        for future in futures:
            await future
    seconds = time.perf_counter() - begin
    await producer.stop()
    return seconds


async def through_consumer(quire: Installation) -> float:
    """Seconds until the projection has applied all new events, from its first fetched batch on."""
    runtime = quire.runtimes["desk"]
    group = next(p for p in runtime.service.projections if p.name == "desk.budgets")
    consumer = Consumer(runtime.database, runtime.dsn, runtime.bus, group)
    consumer.start()
    begin: float | None = None
    first = 0
    while consumer.applied < EVENTS:
        if consumer.stopped:
            raise SystemExit(f"The consumer stopped: {consumer.stopped}")
        if begin is None and consumer.applied:
            begin, first = time.perf_counter(), consumer.applied
        await asyncio.sleep(0.002)
    seconds = time.perf_counter() - (begin or 0)
    await consumer.stop()
    return seconds * EVENTS / (EVENTS - first)


async def bare_loop(dsn: str, made: list[tuple[uuid.UUID, str, str, str]]) -> float:
    """Seconds for the statements of the consumer and of the projection, one after the other, on a bare connection."""
    connection = await asyncpg.connect(dsn)
    names = ("budget_id", "fund_id", "fund_code", "fund_name", "ledger_id", "fiscal_year_id", "fiscal_year_code")
    columns = ("generation", *names, "currency", *FIGURES, "event_id", "changed_at")
    values = ", ".join(f"${n + 1}" for n in range(len(columns)))
    changes = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in ("generation", "budget_id"))
    budget_sql = (
        f"INSERT INTO view_budget ({', '.join(columns)}) VALUES ({values})"
        f" ON CONFLICT (generation, budget_id) DO UPDATE SET {changes}"
    )
    fund_sql = (
        "INSERT INTO view_fund (generation, fund_id, ledger_id, code, name, status, currency, known)"
        " VALUES ($1, $2, $3, $4, $5, 'active', $6, false) ON CONFLICT (generation, fund_id) DO UPDATE"
        " SET code = excluded.code, name = excluded.name WHERE NOT view_fund.known"
    )
    await connection.execute(
        "INSERT INTO consumer_offset (consumer, topic, partition, next_offset, updated_at)"
        " VALUES ('bare', 'bare', 0, 0, now()) ON CONFLICT DO NOTHING"
    )
    now = datetime.now(UTC)
    read = [(event_id, BudgetChanged.model_validate_json(payload)) for event_id, _, payload, _ in made]
    begin = time.perf_counter()
    for start in range(0, len(read), BATCH):
        batch = read[start : start + BATCH]
        async with connection.transaction():
            await connection.fetchval("SELECT next_offset FROM consumer_offset WHERE consumer = 'bare' FOR UPDATE")
            await connection.fetch(
                "INSERT INTO inbox (consumer, event_id, received_at) SELECT 'bare', e, now()"
                " FROM unnest($1::uuid[]) AS x(e) ON CONFLICT DO NOTHING RETURNING event_id",
                [event_id for event_id, _ in batch],
            )
            for event_id, event in batch:
                await connection.execute(
                    fund_sql, -1, event.fund_id, event.ledger_id, event.fund_code, event.fund_name, event.currency
                )
                told: list[Any] = [getattr(event, name) for name in (*names, "currency", *FIGURES)]
                await connection.execute(budget_sql, -1, *told, event_id, now)
            await connection.execute("UPDATE consumer_offset SET next_offset = $1 WHERE consumer = 'bare'", start)
    seconds = time.perf_counter() - begin
    await connection.execute("DELETE FROM inbox WHERE consumer = 'bare'")
    await connection.close()
    return seconds


async def visible(quire: Installation) -> list[float]:
    """Seconds from the start of each command to the commit of its row in the read model."""
    orders, desk = quire.runtimes["orders"], quire.runtimes["desk"]
    orders.start(("relay",))
    desk.start(("consume",))
    run = orders.database.run
    calendar = await run(commands.create_calendar, schemas.CalendarIn(code="C", name="C"))
    year = await run(
        commands.create_year,
        schemas.YearIn(
            calendar_id=calendar.id, code="Y", name="Y", starts_on=date(2020, 1, 1), ends_on=date(2099, 12, 31)
        ),
    )
    ledger = await run(
        commands.create_ledger, schemas.LedgerIn(code="L", name="L", calendar_id=calendar.id, currency="EUR")
    )
    budgets = []
    for n in range(20):
        fund = await run(commands.create_fund, schemas.FundIn(code=f"F{n}", name=f"F{n}", ledger_id=ledger.id))
        body = schemas.BudgetIn(fund_id=fund.id, fiscal_year_id=year.id)
        budgets.append((await run(commands_budgets.create_budget, body, clock.today("UTC"))).id)
    await quire.settled(60)
    started: dict[uuid.UUID, float] = {}
    seen: dict[uuid.UUID, float] = {}
    reader = await asyncpg.connect(desk.dsn)

    async def one(number: int) -> None:
        body = schemas_ledger.AllocationIn(budget_id=budgets[number % 20], change=Money(Decimal("1.00"), "EUR"))
        begin = time.perf_counter()
        repeat = Repeatable.of("bench", "POST", "/allocations", str(number), body.model_dump_json().encode())
        answer = await orders.database.answer(
            SYSTEM, Cause(), repeat, None, 201, commands_money.change_allocation, body, clock.today("UTC")
        )
        started[uuid.UUID(answer.headers["Quire-Events"].split(",")[-1])] = begin

    async def watch() -> None:
        since = datetime.now(UTC)
        while len(seen) < A_SECOND * SECONDS:
            rows = await reader.fetch(
                "SELECT event_id FROM inbox WHERE consumer LIKE 'desk.budgets.g%' AND received_at >= $1", since
            )
            moment = time.perf_counter()
            for row in rows:
                seen.setdefault(row["event_id"], moment)
            await asyncio.sleep(0.01)

    watching = asyncio.create_task(watch())
    begin = time.perf_counter()
    tasks = []
    for number in range(A_SECOND * SECONDS):
        await asyncio.sleep(max(0.0, begin + number / A_SECOND - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    await asyncio.wait_for(watching, 60)
    await reader.close()
    return sorted(seen[event] - start for event, start in started.items())


async def measure(folder: Path) -> dict[str, Any]:
    postgres, broker = EmbeddedPostgres(folder / "pg"), KafkaBroker(folder / "kafka")
    try:
        await asyncio.gather(asyncio.to_thread(postgres.start), asyncio.to_thread(broker.start))
        settings = Settings(
            data_dir=folder / "data",
            database_url=SecretStr(postgres.dsn("postgres")),
            bus="kafka",
            kafka_bootstrap=broker.bootstrap,
        )
        services = {name: service for name, service in installed().items() if name in ("orders", "desk")}
        times: dict[str, list[float]] = {"relay": [], "producer": [], "consumer": [], "loop": []}
        async with Installation(settings, services, roles=()) as quire:
            for _ in range(ROUNDS):
                made = events()
                await fill_outbox(settings.dsn("orders"), made)
                times["relay"].append(await through_relay(quire))
                times["producer"].append(await bare_producer(broker.bootstrap, made))
                times["consumer"].append(await through_consumer(quire))
                times["loop"].append(await bare_loop(settings.dsn("desk"), made))
            delays = await visible(quire)
    finally:
        broker.stop()
        postgres.destroy()
    rate = {name: EVENTS / min(seconds) for name, seconds in times.items()}
    return {
        "relay_events_s": round(rate["relay"]),
        "producer_events_s": round(rate["producer"]),
        "outbox_ratio": round(rate["relay"] / rate["producer"], 3),
        "consumer_events_s": round(rate["consumer"]),
        "loop_events_s": round(rate["loop"]),
        "consumption_ratio": round(rate["consumer"] / rate["loop"], 3),
        "visible_p50_s": round(statistics.median(delays), 3),
        "visible_p95_s": round(delays[int(len(delays) * 0.95)], 3),
    }


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="quire-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        result = asyncio.run(measure(folder))
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result) + "\n")
    for figure, value in result.items():
        print(f"{figure:20}{value:>10}")


if __name__ == "__main__":
    main()
