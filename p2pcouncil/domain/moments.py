"""Moments in words, in UTC: page time is nobody's local time."""

MS_PER_DAY = 86_400_000
_DAYS_PER_ERA = 146_097
_DAYS_TO_ERA = 719_468
"""From 1 March of the year 0 to 1 January 1970."""


def day(time_ms: int) -> str:
    """A day in words, like 2026-11-28.

    Args:
        time_ms: milliseconds since 1970, not negative.

    Source: Howard Hinnant, “chrono-Compatible Low-Level Date Algorithms”, `civil_from_days`.
    """
    days = time_ms // MS_PER_DAY + _DAYS_TO_ERA
    era, of_era = divmod(days, _DAYS_PER_ERA)
    year_of_era = (of_era - of_era // 1_460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month_from_march = (5 * of_year + 2) // 153
    month = month_from_march + 3 if month_from_march < 10 else month_from_march - 9
    year = year_of_era + era * 400 + (month <= 2)
    return f"{year:04}-{month:02}-{of_year - (153 * month_from_march + 2) // 5 + 1:02}"


def moment(time_ms: int) -> str:
    """A moment in words, like 2026-11-28 17:05:09 UTC.

    Args:
        time_ms: milliseconds since 1970, not negative.
    """
    seconds = time_ms % MS_PER_DAY // 1_000
    return f"{day(time_ms)} {seconds // 3_600:02}:{seconds // 60 % 60:02}:{seconds % 60:02} UTC"
