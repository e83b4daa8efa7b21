"""The clock: steps, missed deadlines, catch-up. Days by hand, see ``house``."""

from __future__ import annotations

from tests.licenses.house import FIRST_STEP, House


async def test_a_license_has_its_dates_and_its_sentence(house: House) -> None:
    made = await house.license()
    dates = made["dates"]
    assert (dates["term_start"], dates["term_end"]) == ("2026-01-01", "2026-12-31")
    assert (dates["notice_deadline"], dates["act_by"]) == ("2026-11-01", "2026-10-30")
    assert dates["if_nothing_is_done"] == (
        "If nobody acts by 30 October 2026 (the notice deadline is 1 November 2026), the license renews automatically on"
        " 1 January 2027 for 12 months at a price at most 5 % higher, and the library is committed until 31 December 2027."
    )


async def test_a_step_is_told_on_its_day_and_once(house: House) -> None:
    await house.license()
    await house.clock("2026-07-30")
    assert await house.steps() == []
    await house.clock(FIRST_STEP)
    assert await house.steps() == ["90 days before the act-by date"]
    await house.clock(FIRST_STEP)
    await house.clock("2026-08-20")
    assert await house.steps() == ["90 days before the act-by date"]
